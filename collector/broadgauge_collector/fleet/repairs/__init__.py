"""Repairs as data: which tickets are repairs, and how long devices were watched for them."""
