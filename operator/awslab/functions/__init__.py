"""The functions that DataPipeline ships: they run in AWS Lambda, not in the operator.

They need nothing but the standard library and boto3, and import nothing else of awslab; awslab.packages zips them.
"""
