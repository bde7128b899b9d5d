"""A strict AWS on loopback: what AWS refuses, it refuses.

A process of ours around a pinned moto. moto keeps the resources; the rules here
decide what may be done with them, when a state is reached, and what a call shows.
Every rule is one entry of `awslab.local.aws.rules`, listed in `docs/local-aws.md`.
"""
