"""Records of Route 53 that lead to the instances of us-west-2: before_inventories.py ENDPOINT"""
import sys

import boto3

access = dict(endpoint_url=sys.argv[1], aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-west-2")
instances = [one for page in boto3.client("ec2", **access).describe_instances()["Reservations"] for one in page["Instances"]]
instances = sorted((one for one in instances if one.get("PublicIpAddress")), key=lambda one: one["InstanceId"])
route53 = boto3.client("route53", **access)


def zone(name, records):
    made = route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
    for record, kind, values in records:
        entry = {"Name": record, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
        change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": entry}]}
        route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch=change)


one, other = instances[0], instances[1]
zone("example.com", [
    ("web.example.com", "A", [one["PublicIpAddress"]]),
    ("all.example.com", "A", [one["PublicIpAddress"], other["PublicIpAddress"]]),
    ("in.example.com", "A", [other["PrivateIpAddress"]]),
    ("*.example.com", "A", ["192.0.2.1"]),
    ("text.example.com", "TXT", ['"%s"' % one["PublicIpAddress"]]),
])
zone("hidden.org", [("alias.hidden.org", "CNAME", [other["PublicDnsName"]]), ("aa.hidden.org", "CNAME", [one["PrivateDnsName"]])])
# More than one page of each.
zone("many.net", [("n%03d.many.net" % at, "A", ["192.0.2.2"]) for at in range(310)] + [("z.many.net", "A", [one["PublicIpAddress"]])])
for at in range(105):
    zone("z%03d.net" % at, [])
zone("zzz.com", [("last.zzz.com", "CNAME", [instances[-1]["PublicDnsName"]])])
