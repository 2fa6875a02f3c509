/** User and password in a URL, as copy and archive commands of every vendor take them. */
export const urlSecrets = ["://[^:/@\\s]+:([^@\\s]+)@"];

/**
 * Where systems with Cisco's command line keep secrets (IOS, NX-OS, IOS-XR, EOS, FRR, ProCurve). Masking a harmless word is better than
 * missing a secret, so the words `password` and `secret` are taken wherever they stand before a value.
 */
export const ciscoSecrets = [
	...urlSecrets,
	"(?:^|[^\\w-])(?:password|secret|passphrase) (?:(?:encrypted|clear|level \\d+|sha512|sha1|sha256|plaintext|[0-9]{1,2}) )*(\\S.*?)(?: +role \\S+)?$",
	"(?:^|\\s)key-string (?:(?:password|encrypted|clear|[0-9]{1,2}) )*(\\S+)",
	"^snmp-server community (?:[0-9]{1,2} |encrypted |clear )?(\\S+)",
	"^\\s*community-(?:map|name) (\\S+)",
	"^snmp-server host \\S+(?: vrf \\S+| use-vrf \\S+| udp-port \\d+| informs?| traps?)*(?: version (?:1|2c|3 (?:auth|noauth|priv)))? (?:encrypted |clear |community )?(\\S+)",
	"^snmp-server user .* auth (?:(?:md5|sha\\S*|encrypted|clear) )*(\\S+)",
	"^snmp-server user .* priv (?:(?:(?:3?des|aes)\\S*|128|192|256|encrypted|clear) )*(\\S+)",
	"^(?:tacacs|radius)-server .*?\\b(?:key|encrypted-key)(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S.*?)$",
	"^\\s+(?:key|encrypted-key|pac key) [0-9]{1,2} (\\S.*)$",
	"^\\s+key (\\d{4,}|\\d*[^\\d\\s].*)$",
	"^\\s+key [0-9a-fA-F]{4,} (?:\\d+ )?(\\S+)",
	"(?:^|\\s)(?:server-key|shared-secret|shared-key)(?: [0-9]{1,2})? (\\S+)",
	"^\\s*server-private .* key(?: [0-9]{1,2})? (\\S+)",
	"\\bospf .*authentication-key(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)",
	"^\\s*(?:area .*)?authentication-key(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)$",
	"\\bmessage-digest-key \\d+ \\S+(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)",
	"^\\s*(?:ntp )?authentication-key \\d+ \\S+ (?:(?:encrypted|clear|[0-9]{1,2}) )*(\\S+)",
	"\\b(?:isis|area|domain|hello|lsp|lsp-gen)[ -]password (?:(?:text|hmac-md5|keychain|accept|level-[12]|md5|clear|encrypted|[0-9]{1,2}) )*(\\S+)",
	"\\b(?:standby|vrrp|glbp)\\b.* authentication (?:text )?(\\S+)$",
	"\\bcrypto isakmp key (?:[0-9]{1,2} )?(\\S+)",
	"\\bpre-shared-key (?:address \\S+(?: \\d+\\.\\S+)? |hostname \\S+ |local |remote |key )*(?:[0-9]{1,2} )?(\\S+)",
	"\\b(?:cipher|authenticator) ([0-9a-fA-F]{8,})",
	"\\b(?:wpa-psk|set-key|psk) (?:ascii|hex) (?:[0-9]{1,2} )?(\\S+)",
	"\\bnhrp authentication (\\S+)",
	"\\btcp-ao .*key(?:-string)? (\\S+)",
];
