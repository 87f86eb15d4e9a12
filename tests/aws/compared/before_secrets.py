"""Secrets and parameters for secrets.yml."""

import sys

import boto3

PLACE = {"endpoint_url": sys.argv[1], "region_name": "us-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
secrets, parameters = boto3.client("secretsmanager", **PLACE), boto3.client("ssm", **PLACE)
for name, text in {"plain": "hush", "part1": "ab", "part2": "cd", "tree/one": "1", "tree/two": "2"}.items():
    secrets.create_secret(Name=name, SecretString=text)
secrets.create_secret(Name="nested", SecretString='{"db": {"user": {"name": "root", "id": 7}}, "port": 5432}')
secrets.create_secret(Name="binary", SecretBinary=b"\x00\x01binary")
secrets.create_secret(Name="dotted.name", SecretString="dotted")
secrets.create_secret(Name="versions", SecretString="first")
secrets.put_secret_value(SecretId="versions", SecretString="second")
secrets.create_secret(Name="deleted", SecretString="gone")
secrets.delete_secret(SecretId="deleted", RecoveryWindowInDays=7)
for name, kind, text in (
    ("Hello", "String", "World"), ("/web/port", "String", "80"), ("/web/db/user", "String", "root"),
    ("/web/db/password", "SecureString", "hush"), ("list", "StringList", "a,b"), ("secure", "SecureString", "open"),
):
    parameters.put_parameter(Name=name, Value=text, Type=kind)
for number in range(25):
    parameters.put_parameter(Name=f"/many/{number:02}", Value=str(number), Type="String")
