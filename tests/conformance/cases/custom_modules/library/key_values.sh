#!/bin/sh
. "$1"
echo "{\"changed\": true, \"said\": \"$a|$n\"}"
