"""The Resource Groups Tagging API over all that the local AWS keeps."""
