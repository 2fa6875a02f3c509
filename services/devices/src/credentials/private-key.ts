import { createPrivateKey } from "node:crypto";
import { failed } from "@netconductor/runtime/errors";

/** bcrypt rounds of an encrypted OpenSSH key above which opening it would hold up a worker for seconds; `ssh-keygen` uses 16 to 24. */
const maxRounds = 512;

const openSshTypes = /^(?:ssh-ed25519|ssh-rsa|ssh-dss|ecdsa-sha2-nistp(?:256|384|521))$/;

/**
 * The private key as sessions can read it: OpenSSH's own format, or PEM (RSA, EC, DSA). Plain PKCS #8 is turned into that PEM. Line endings and
 * blanks around it do not matter. What is encrypted needs its passphrase; that of a PEM key is tried here, that of an OpenSSH key at login.
 *
 * @throws credentials.bad_key — with what is wrong and what to do; never with a part of the key
 */
export function acceptPrivateKey(text: string, passphrase: string | undefined): string {
	const key = `${text.replaceAll(/\r\n?/g, "\n").trim()}\n`;
	const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----\n[\s\S]*\n-----END \1-----\n$/.exec(key)?.[1];
	switch (label) {
		case "OPENSSH PRIVATE KEY":
			checkOpenSsh(key, passphrase);
			return key;
		case "RSA PRIVATE KEY":
		case "EC PRIVATE KEY":
		case "DSA PRIVATE KEY":
			openPem(key, passphrase);
			return key;
		case "PRIVATE KEY":
			return fromPkcs8(key);
		case "ENCRYPTED PRIVATE KEY":
			// How long opening takes is up to whoever encrypted it, and nothing else runs meanwhile.
			throw badKey(
				"Encrypted PKCS #8 is not supported. Convert a copy of the key with: ssh-keygen -p -m PEM -f <file>",
			);
		case undefined:
			throw badKey(
				key.startsWith("PuTTY-User-Key-File")
					? "This is a PuTTY key. Export it in OpenSSH format with PuTTYgen (Conversions, Export OpenSSH key)"
					: "This is not a private key in PEM or OpenSSH format: it must start with -----BEGIN … PRIVATE KEY----- and end with the matching END line",
			);
		default:
			throw badKey(
				label.includes("PUBLIC")
					? "This is a public key; the private one is needed"
					: `This is a ${label.toLowerCase()}; a private key in PEM or OpenSSH format is needed`,
			);
	}
}

function openPem(key: string, passphrase: string | undefined) {
	try {
		return createPrivateKey({ key, format: "pem", ...(passphrase !== undefined && { passphrase }) });
	} catch (error) {
		const code = error instanceof Error && "code" in error ? error.code : undefined;
		if (code === "ERR_MISSING_PASSPHRASE") throw badKey("The private key is encrypted: give its passphrase");
		throw badKey(
			/ENCRYPTED/.test(key.slice(0, 500))
				? "The private key does not open with this passphrase, or it is damaged"
				: "The private key is damaged: it cannot be read",
		);
	}
}

function fromPkcs8(key: string): string {
	const opened = openPem(key, undefined);
	switch (opened.asymmetricKeyType) {
		case "rsa":
			return opened.export({ type: "pkcs1", format: "pem" }) as string;
		case "ec":
			return opened.export({ type: "sec1", format: "pem" }) as string;
		default:
			throw badKey(
				`A key of the type ${opened.asymmetricKeyType ?? "unknown"} must be in OpenSSH format. Convert a copy of it with: ssh-keygen -p -f <file>`,
			);
	}
}

/** Format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function checkOpenSsh(key: string, passphrase: string | undefined): void {
	const body = key.split("\n").slice(1, -2).join("");
	if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) throw damaged();
	const reader = createReader(Buffer.from(body, "base64"));
	if (reader.take(15).toString("latin1") !== "openssh-key-v1\0") throw damaged();
	const cipher = reader.string().toString("latin1");
	const kdf = reader.string().toString("latin1");
	const options = reader.string();
	if (reader.uint32() !== 1) throw badKey("The file must hold exactly one private key");
	const type = createReader(reader.string()).string().toString("latin1");
	if (!openSshTypes.test(type)) {
		const hardware = type.startsWith("sk-");
		throw badKey(
			hardware ? "Keys on a security token cannot be used unattended" : "The type of this key is not supported",
		);
	}
	const secret = reader.string();
	if (cipher === "none") {
		const inner = createReader(secret);
		const checks = [inner.uint32(), inner.uint32()];
		if (checks[0] !== checks[1] || inner.string().toString("latin1") !== type) throw damaged();
		return;
	}
	if (kdf !== "bcrypt") throw badKey("The private key is encrypted in a way that is not supported");
	if (passphrase === undefined) throw badKey("The private key is encrypted: give its passphrase");
	const kdfReader = createReader(options);
	kdfReader.string();
	if (kdfReader.uint32() > maxRounds) {
		throw badKey(
			`The private key is encrypted with more than ${maxRounds} rounds. Convert it with: ssh-keygen -p -a 24 -f <file>`,
		);
	}
}

/** Reads the fields of RFC 4251, section 5. */
function createReader(bytes: Buffer) {
	let at = 0;
	const reader = {
		take(length: number): Buffer {
			if (length > bytes.length - at) throw damaged();
			at += length;
			return bytes.subarray(at - length, at);
		},
		uint32: () => reader.take(4).readUInt32BE(),
		string: () => reader.take(reader.uint32()),
	};
	return reader;
}

function damaged(): Error {
	return badKey("The private key is damaged: it cannot be read");
}

function badKey(message: string): Error {
	return failed("credentials.bad_key", {
		message: `${message}.`,
		errors: [{ path: "body.private_key", message }],
	});
}
