#!/bin/sh
# Prepares something, and starts the service.
set -eu
echo "started at $(date)"
/howdy
