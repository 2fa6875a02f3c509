import type { Endpoint } from "@netconductor/contracts/devices/connection";
import type { Algorithms, CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from "ssh2";

const kex: KexAlgorithm[] = [
	"curve25519-sha256",
	"curve25519-sha256@libssh.org",
	"ecdh-sha2-nistp256",
	"ecdh-sha2-nistp384",
	"ecdh-sha2-nistp521",
	"diffie-hellman-group-exchange-sha256",
	"diffie-hellman-group14-sha256",
	"diffie-hellman-group16-sha512",
	"diffie-hellman-group18-sha512",
];
const hostKeys: ServerHostKeyAlgorithm[] = [
	"ssh-ed25519",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"rsa-sha2-512",
	"rsa-sha2-256",
];
const ciphers: CipherAlgorithm[] = [
	"aes128-gcm@openssh.com",
	"aes256-gcm@openssh.com",
	"aes128-ctr",
	"aes192-ctr",
	"aes256-ctr",
	"chacha20-poly1305@openssh.com",
];
const macs: MacAlgorithm[] = [
	"hmac-sha2-256-etm@openssh.com",
	"hmac-sha2-512-etm@openssh.com",
	"hmac-sha2-256",
	"hmac-sha2-512",
	"hmac-sha1-etm@openssh.com",
	"hmac-sha1",
];

/** What old devices still need: SHA-1 key exchange and signatures, DSA, CBC ciphers, truncated and MD5 MACs. */
const legacy = {
	kex: ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
	hostKeys: ["ssh-rsa", "ssh-dss"],
	ciphers: ["aes256-cbc", "aes192-cbc", "aes128-cbc", "3des-cbc"],
	macs: ["hmac-sha1-96", "hmac-md5", "hmac-md5-96"],
} satisfies {
	kex: KexAlgorithm[];
	hostKeys: ServerHostKeyAlgorithm[];
	ciphers: CipherAlgorithm[];
	macs: MacAlgorithm[];
};

/**
 * What to offer an endpoint, best first. The type of its accepted host key is asked for before others, as OpenSSH does: a device that
 * gains a second key after an upgrade must not look changed.
 */
export function algorithmsFor(endpoint: Pick<Endpoint, "host_key" | "legacy_algorithms">): Algorithms {
	const old = endpoint.legacy_algorithms;
	const accepted = endpoint.host_key?.algorithm;
	const offered = old ? [...hostKeys, ...legacy.hostKeys] : hostKeys;
	const isAccepted = (name: string) => name === accepted || (accepted === "ssh-rsa" && name.startsWith("rsa-sha2-"));
	return {
		kex: old ? [...kex, ...legacy.kex] : kex,
		serverHostKey: [...offered.filter(isAccepted), ...offered.filter((name) => !isAccepted(name))],
		cipher: old ? [...ciphers, ...legacy.ciphers] : ciphers,
		hmac: old ? [...macs, ...legacy.macs] : macs,
		compress: ["none"],
	};
}
