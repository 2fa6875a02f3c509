/** User and password in a URL, as copy and archive commands of every vendor take them. */
export const urlSecrets = ["://[^:/@\\s]+:([^@\\s]+)@"];

/** How the value that follows is written: encrypted, of which type, for which level. */
const form =
	"(?:(?:encrypted|clear|clear-text|level \\d+|sha512|sha1|sha256|plaintext|md5|hmac-md5|text|peer \\S+|8a|[0-9]{1,2}) )*";
const quoted = '"[^"]*"';
const word = `(${quoted}|\\S+)`;

/**
 * Where systems with Cisco's command line keep secrets (IOS, NX-OS, IOS-XR, EOS, FRR). Masking a harmless word is better than missing a
 * secret, so the words `password` and `secret` are taken wherever they stand before a value; what is known to be none is excepted at the end.
 */
export const ciscoSecrets = [
	...urlSecrets,
	`(?:^|[^\\w-])(?:password|secret|passphrase|masked-secret|encrypted-password|password-string) ${form}(${quoted}|\\S.*?)(?: +(?:role \\S+|level-\\d(?:-only)?|hidden|hash \\S+|mode \\w+(?: \\w+)*|view \\S+|receive-lifetime .*))?\\s*$`,
	`(?:^|\\s)key-(?:octet-)?string (?:(?:password6?|encrypted|clear|[0-9]{1,2}) )*(${quoted}|\\S.*?)(?: +(?:timeout \\d+|cryptographic-algorithm \\S+))*\\s*$`,
	`^snmp-server community (?:[0-9]{1,2} |encrypted |clear )?${word}`,
	"(?:^|\\s)community-(?:map|name) (?:(?:encrypted|clear) )?(\\S+)",
	`^snmp-server host \\S+(?: vrf \\S+| use-vrf \\S+| udp-port \\d+| informs?| traps?)*(?: version (?:1|2c|3 (?:auth|noauth|priv)))? (?:encrypted |clear |community )?${word}`,
	`^snmp-server user .* auth (?:(?:md5|sha\\S*|224|256|384|512|encrypted|clear) )*${word}`,
	`^snmp-server user .* priv (?:(?:(?:3?des|aes)\\S*|128|192|256|encrypted|clear) )*${word}`,
	`^(?:tacacs|radius)-server .*?\\b(?:key|encrypted-key)(?: (?:[0-9]{1,2}|8a|encrypted|clear))* (${quoted}|\\S.*?)(?: +(?:port \\d+|timeout \\d+|authentication|accounting))*\\s*$`,
	"^\\s+(?:key|encrypted-key|pac key) [0-9]{1,2} (\\S.*)$",
	"^\\s+key (\\d{4,}|\\d*[^\\d\\s].*)$",
	"^\\s+key [0-9a-fA-F]{4,} (?:\\d+ )?(\\S+)",
	"(?:^|\\s)(?:server-key|shared-secret|shared-key)(?: [0-9]{1,2})? (\\S+)",
	"^\\s*server-private .* key(?: [0-9]{1,2})? (\\S+)",
	"\\b(?:ospf|rip|virtual-link|sham-link) .*authentication-key(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)",
	"^\\s*(?:area .*)?authentication-key(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)$",
	"\\bmessage-digest-key \\d+ \\S+(?: (?:[0-9]{1,2}|encrypted|clear))* (\\S+)",
	"^\\s*(?:ntp )?authentication-key \\d+ \\S+ (?:(?:encrypted|clear|[0-9]{1,2}) )*(\\S+)",
	"\\bauthentication (?:key-id \\d+ (?:algorithm|hash-algo) \\S+ )?key (?:(?:[0-9]{1,2}|8a) )?(\\S+)",
	"\\bauthentication mode hmac-sha-256 (?:[0-9]{1,2} )?(\\S+)",
	"\\b(?:area|domain|hello|lsp|lsp-gen)-password (?:(?:text|hmac-md5|accept|level-[12]|md5|clear|encrypted|[0-9]{1,2}) )*(\\S+)",
	"\\b(?:standby|vrrp|glbp)\\b.* authentication (?:text )?(\\S+)$",
	"^\\s+authentication text (\\S+)",
	"\\bcrypto isakmp key (?:[0-9]{1,2} )?(\\S+)",
	"\\bpre-shared-key (?:address \\S+(?: \\d+\\.\\S+)? |hostname \\S+ |local |remote |key )*(?:[0-9]{1,2} )?(\\S+)",
	"\\b(?:cipher|authenticator) ([0-9a-fA-F]{8,})",
	"\\bsession-key (?:inbound|outbound) \\S+ \\d+ ([0-9a-fA-F]{8,})",
	"\\b(?:wpa-psk|set-key|psk) (?:ascii|hex) (?:[0-9]{1,2} )?(\\S.*?)\\s*$",
	"^\\s*encryption .*\\bkey \\d+ size \\S+ (?:[0-9]{1,2} )?(\\S+)",
	"\\bnhrp authentication (\\S+)",
	"\\btcp-ao .*key(?:-string)? (\\S+)",
	"\\bbfd authentication \\S+ key-id \\d+ (?:hex-key|key|ascii) (\\S+)",
	"^(?P<harmless>(?:feature )?password encryption aes)$",
	"^(?P<harmless>(?:no )?password strength-check)$",
	"^(?P<harmless>aaa password restriction)$",
	"^(?P<harmless>username \\S+ passphrase lifetime [\\d a-z]+)$",
	"^(?P<harmless>cts sxp connection peer .* password (?:default|none) mode [\\w ]+)$",
	"^(?P<harmless>mpls ldp .*password option \\d+ for \\S+ key-chain \\S+)$",
	"^(?P<harmless>\\s*password (?:disable|required for \\S+|encryption-key common|minimum length \\d+))$",
	"^(?P<harmless>\\s*secret profile \\S+)$",
	"^(?P<harmless>\\s*neighbor \\S+ password shared-secret profile \\S+ algorithm \\S+)$",
	"^(?P<harmless>snmp-server host \\S+ (?:use-vrf|filter-vrf|source-interface \\S+) \\S+)$",
	"^(?P<harmless>\\s*(?:hello|lsp)-password keychain \\S+(?: level \\d)?)$",
];
