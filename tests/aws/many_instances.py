"""Many instances over two regions, half in each."""

import sys

import boto3

ENDPOINT, COUNT = sys.argv[1], int(sys.argv[2])
for region in ("us-east-1", "eu-central-1"):
    ec2 = boto3.client("ec2", region_name=region, endpoint_url=ENDPOINT, aws_access_key_id="a", aws_secret_access_key="b")
    left = COUNT // 2
    while left:
        count = min(left, 500)
        left -= count
        tags = [{"Key": "Role", "Value": f"role{left // 500}"}]
        ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=count, MaxCount=count, InstanceType="t3.small",
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
