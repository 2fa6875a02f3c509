#!/bin/sh
# Reads the configuration of one device with OpenSSH: folder, name, host, port. User and passwords come from the environment.
exec sshpass -e ssh -T -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	-o PreferredAuthentications=password -p "$4" "$BENCH_USER@$3" > "$1/$2" <<END
enable
$BENCH_ENABLE
terminal length 0
show running-config
exit
END
