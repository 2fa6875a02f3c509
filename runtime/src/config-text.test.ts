import { expect, test } from "vitest";
import {
	eitherMasks,
	maskEcho,
	maskSecrets,
	maskSecretsInSlices,
	normalise,
	normaliseInSlices,
	type TextRules,
} from "./config-text.ts";

const rules: TextRules = {
	volatile: ["^! Last change ", "^\\s*set \\S+ ENC (\\S+)"],
	secrets: ["^username \\S+ (?:password|secret) (?:\\d )?(\\S+)", "community (\\S+)", "(?i)psk[ =](\\S+)"],
	secret_blocks: [{ start: "^config snmp community$", end: "^end$", secrets: ["^\\s+set name (.+)$"] }],
};

test("line endings, trailing blanks and what changes by itself make no difference", () => {
	const first = "! Last change Monday\r\nhostname r1  \r\n set password ENC abc==\r\nend\r\n\r\n\r\n";
	const second = "! Last change Tuesday\nhostname r1\n set password ENC xyz==\nend";
	expect(normalise(first, rules)).toBe("hostname r1\n set password ENC <volatile>\nend\n");
	expect(normalise(second, rules)).toBe(normalise(first, rules));
	expect(normalise("\n\n", rules)).toBe("");
});

test("an encrypted private key, salted anew at every read, makes no difference; a plain one does", () => {
	const key = (kind: string, body: string) =>
		`-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\nend\n`;
	expect(normalise(key("ENCRYPTED ", "MIIabc"), rules)).toBe(normalise(key("ENCRYPTED ", "MIIxyz"), rules));
	expect(normalise(key("", "MIIabc"), rules)).not.toBe(normalise(key("", "MIIxyz"), rules));
});

test("what the patterns capture is masked and nothing else of the line", () => {
	expect(maskSecrets("username admin secret 9 $9$abc\r\nsnmp community public ro\nPSK=abc\n", rules)).toBe(
		"username admin secret 9 <secret>\nsnmp community <secret> ro\nPSK=<secret>\n",
	);
});

test("a config line that a device repeats in an error is masked wherever it stands", () => {
	for (const echo of [
		"% Invalid input: username lee secret 5 hidden at '^'",
		'error: "username lee password hidden" is not known',
		"username lee password hidden",
		"(username lee password hidden)",
	]) {
		expect(maskEcho(echo, rules)).toContain("<secret>");
		expect(maskEcho(echo, rules)).not.toContain("hidden");
	}
	expect(maskEcho("% Invalid input detected at '^' marker.", rules)).toBe("% Invalid input detected at '^' marker.");
});

test("what an exception covers stays, and a secret that reaches beyond it does not", () => {
	const careful = { ...rules, secrets: [...rules.secrets, "^(?P<harmless>psk none)", "^no (?P<harmless>psk \\w+)$"] };
	expect(maskSecrets("psk none\nno psk abc\npsk none123\npsk abc", careful)).toBe(
		"psk none\nno psk abc\npsk <secret>\npsk <secret>",
	);
});

test("what was masked when it was stored stays so, whatever is excepted today; what is found to be a secret today is masked too", () => {
	const stored = { secrets: ["^psk (\\S+)", "^(?P<harmless>psk none)$"], secret_blocks: [] };
	const today = { secrets: ["^key (\\S+)", "^(?P<harmless>.*)$"], secret_blocks: [] };
	expect(maskSecrets("psk abc\nkey abc\npsk none", eitherMasks(stored, today))).toBe(
		"psk <secret>\nkey <secret>\npsk none",
	);
});

test("patterns that name their groups alike work together", () => {
	const named = { ...rules, secrets: ["^a (?P<value>\\S+)", "^b (?P<value>\\S+)"] };
	expect(maskSecrets("a x\nb y\nc z", named)).toBe("a <secret>\nb <secret>\nc z");
});

test("a secret that only its surroundings give away is masked inside its block alone", () => {
	const text =
		"config snmp community\n  set name public\n  config hosts\n  end\n  set name other\nend\n  set name harmless";
	expect(maskSecrets(text, rules)).toBe(
		"config snmp community\n  set name <secret>\n  config hosts\n  end\n  set name <secret>\nend\n  set name harmless",
	);
});

test("the body of a private key is masked, also when it is cut off or on one line", () => {
	const body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
	for (const kind of ["", "RSA ", "OPENSSH ", "ENCRYPTED "]) {
		const begin = `-----BEGIN ${kind}PRIVATE KEY-----`;
		const end = `-----END ${kind}PRIVATE KEY-----`;
		for (const text of [
			`set key "${begin}\nProc-Type: 4,ENCRYPTED\n\n${body}\n${body}\n${end}"\nhostname r1`,
			`${begin}\n${body}\n${body}\nhostname r1`,
			`key ${begin}${body}${end}\nhostname r1`,
			`key "${begin}\\n${body}\\n${end}"\nhostname r1`,
		]) {
			const masked = maskSecrets(text, rules);
			expect(masked).not.toContain(body);
			expect(masked).toContain("hostname r1");
		}
	}
});

test("a certificate is no secret", () => {
	const text = "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----\n";
	expect(maskSecrets(text, rules)).toBe(text);
});

test("a line too long to search is masked whole when it may hold a secret", () => {
	expect(maskSecrets(`community abc ${"x".repeat(20_000)}`, rules)).toBe("<secret>");
	expect(maskSecrets("y".repeat(20_000), rules)).toBe("y".repeat(20_000));
});

test("masking twice changes nothing more", () => {
	const once = maskSecrets("username admin secret 9 $9$abc\ncommunity x\n", rules);
	expect(maskSecrets(once, rules)).toBe(once);
});

test("50 MB are treated in seconds, in slices that let other work run, with the same result", async () => {
	const text = "interface Vlan4000\r\n ip address 10.0.0.1 255.255.255.0  \r\nusername a secret 5 abc\r\n".repeat(
		650_000,
	);
	let longest = 0;
	let last = performance.now();
	const heartbeat = setInterval(() => {
		longest = Math.max(longest, performance.now() - last);
		last = performance.now();
	}, 1);
	const startedAt = performance.now();
	const normalised = await normaliseInSlices(text, rules);
	const masked = await maskSecretsInSlices(normalised, rules);
	const took = performance.now() - startedAt;
	clearInterval(heartbeat);
	expect(took).toBeLessThan(20_000);
	expect(normalised.length).toBe(text.length - 650_000 * 5);
	expect(masked.slice(0, 90)).toBe(maskSecrets(normalise(text.slice(0, 400), rules), rules).slice(0, 90));
	expect(longest).toBeLessThan(1000);
});

test("hostile text costs linear time", () => {
	const startedAt = performance.now();
	for (const line of [
		"username ".repeat(200_000),
		"a ".repeat(1_000_000),
		"-----BEGIN ".repeat(100_000),
		"\r".repeat(2_000_000),
		" ".repeat(2_000_000),
	]) {
		normalise(line, rules);
		maskSecrets(line, rules);
	}
	expect(performance.now() - startedAt).toBeLessThan(5000);
});
