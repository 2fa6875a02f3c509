import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { requirePackages } from "@netconductor/lab/packages";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { acceptPrivateKey } from "./private-key.ts";

const dir = mkdtempSync(join(tmpdir(), "netconductor-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));

// Which keys there are to test is needed before any test runs, so this is not a hook.
expect(await requirePackages(["openssh-server"])).toEqual([]);

const run = promisify(execFile);
let made = 0;
/** A key as OpenSSH's own tool makes it. */
async function keygen(...options: string[]): Promise<string> {
	const file = join(dir, `key-${made++}`);
	await run("ssh-keygen", ["-q", "-C", "test", "-f", file, ...options]);
	return readFileSync(file, "utf8");
}

const plain = await keygen("-t", "ed25519", "-N", "");
const encrypted = await keygen("-t", "ed25519", "-N", "secret", "-a", "1");
const ecdsa = await keygen("-t", "ecdsa", "-b", "384", "-N", "");
const rsa = await keygen("-t", "rsa", "-b", "2048", "-N", "");
const rsaPem = await keygen("-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM");
const rsaPemEncrypted = await keygen("-t", "rsa", "-b", "2048", "-N", "secret", "-m", "PEM");
const ecdsaPem = await keygen("-t", "ecdsa", "-N", "", "-m", "PEM");
const rsaPkcs8Encrypted = await keygen("-t", "rsa", "-b", "2048", "-N", "secret", "-m", "PKCS8");

function faultOf(key: string, passphrase?: string): string {
	try {
		acceptPrivateKey(key, passphrase);
		return "accepted";
	} catch (error) {
		expect((error as { code: string }).code).toBe("credentials.bad_key");
		return (error as Error).message;
	}
}

describe("keys that are accepted", () => {
	test.each([
		["ed25519", plain, undefined],
		["ed25519, encrypted", encrypted, "secret"],
		["ecdsa", ecdsa, undefined],
		["rsa", rsa, undefined],
		["rsa in PEM", rsaPem, undefined],
		["rsa in PEM, encrypted", rsaPemEncrypted, "secret"],
		["ecdsa in PEM", ecdsaPem, undefined],
	])("%s, as ssh-keygen writes it", (_, key, passphrase) => {
		expect(acceptPrivateKey(key, passphrase)).toBe(key);
	});

	test("line endings of Windows and blanks around do not matter", () => {
		expect(acceptPrivateKey(`\r\n  ${plain.replaceAll("\n", "\r\n")}\r\n `, undefined)).toBe(plain);
	});

	test("PKCS #8 becomes the PEM form that SSH libraries read", () => {
		const pkcs8 = {
			privateKeyEncoding: { type: "pkcs8", format: "pem" },
			publicKeyEncoding: { type: "spki", format: "pem" },
		} as const;
		const rsa = generateKeyPairSync("rsa", { modulusLength: 2048, ...pkcs8 }).privateKey;
		expect(acceptPrivateKey(rsa, undefined)).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
		const ec = generateKeyPairSync("ec", { namedCurve: "prime256v1", ...pkcs8 }).privateKey;
		expect(acceptPrivateKey(ec, undefined)).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
		const ed = generateKeyPairSync("ed25519", pkcs8).privateKey;
		expect(faultOf(ed)).toContain("ssh-keygen -p -f");
	});
});

describe("keys that are refused say what to do", () => {
	test.each([
		["nonsense", "hello", undefined, "not a private key"],
		["a public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI x", undefined, "not a private key"],
		["a public key in PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", undefined, "public key"],
		["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", undefined, "certificate"],
		["a PuTTY key", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none", undefined, "PuTTYgen"],
		["an encrypted key without passphrase", encrypted, undefined, "give its passphrase"],
		["an encrypted PEM key without passphrase", rsaPemEncrypted, undefined, "passphrase"],
		["an encrypted PEM key with a wrong one", rsaPemEncrypted, "wrong", "passphrase"],
		["encrypted PKCS #8", rsaPkcs8Encrypted, "secret", "ssh-keygen -p -m PEM"],
		["a key that is cut", plain.replace(/\n[^\n]+\n(-----END)/, "\n$1"), undefined, "damaged"],
		["a PEM key that is cut", `${rsaPem.slice(0, 600)}\n-----END RSA PRIVATE KEY-----`, undefined, "damaged"],
	])("%s", (_, key, passphrase, message) => {
		expect(faultOf(key, passphrase)).toContain(message);
	});

	test("a key whose passphrase would take minutes to try is refused at once", () => {
		const lines = encrypted.split("\n");
		const bytes = Buffer.from(lines.slice(1, -2).join(""), "base64");
		// The rounds stand after the 16 bytes of salt: magic, "aes256-ctr", "bcrypt", options.
		const rounds = bytes.indexOf("bcrypt") + 6 + 4 + 4 + 16;
		expect(bytes.readUInt32BE(rounds)).toBe(1);
		bytes.writeUInt32BE(0xffffffff, rounds);
		const hostile = [lines[0], bytes.toString("base64"), ...lines.slice(-2)].join("\n");
		expect(faultOf(hostile, "secret")).toContain("more than 512 rounds");
	});

	test("whatever is damaged, the answer is an error of ours that holds no part of the key", () => {
		const lines = plain.split("\n");
		const bytes = Buffer.from(lines.slice(1, -2).join(""), "base64");
		fc.assert(
			fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
				const broken = Buffer.from(bytes);
				broken[at] = value;
				const text = broken.subarray(0, length).toString("base64");
				const message = faultOf([lines[0], text, ...lines.slice(-2)].join("\n"));
				if (text.length > 20) expect(message).not.toContain(text.slice(0, 20));
			}),
		);
	});
});
