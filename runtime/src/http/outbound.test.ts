import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isAppError } from "../errors.ts";
import { createOutbound, type OutboundRequest } from "./outbound.ts";
import { createOutboundRules, isOutboundRule } from "./outbound-rules.ts";

const here = createOutbound({ allow: ["127.0.0.1"], deny: [] });
const strict = createOutbound({ allow: [], deny: [] });

const open: { close(): unknown }[] = [];
afterEach(() => {
	for (const server of open.splice(0)) server.close();
});

async function listen(server: Server) {
	open.push(server);
	await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
	return (server.address() as AddressInfo).port;
}

const serve = async (listener: RequestListener) => `http://127.0.0.1:${await listen(createServer(listener))}`;
const get = (url: string, more: Partial<OutboundRequest> = {}, outbound = here) =>
	outbound.request({ method: "GET", url, ...more });

/** The code that it failed with, and what it said. */
async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
	try {
		await work;
	} catch (error) {
		if (isAppError(error)) return { code: error.code, message: error.message };
		throw error;
	}
	throw new Error("it did not fail");
}
const codeOf = async (work: Promise<unknown>) => (await failure(work)).code;

describe("what may be reached", () => {
	test("this machine is refused under every name and number that leads to it", async () => {
		let asked = 0;
		const port = await listen(
			createServer((_, response) => {
				asked++;
				response.end();
			}),
		);
		const hosts = [
			"localhost",
			"localhost.",
			"127.0.0.1",
			"127.1",
			"2130706433",
			"0x7f000001",
			"0177.0.0.1",
			"0",
			"[::1]",
			"[::ffff:127.0.0.1]",
			"[::ffff:7f00:1]",
			"[::127.0.0.1]",
			"[64:ff9b::127.0.0.1]",
			"[2002:7f00:1::]",
		];
		for (const host of hosts) {
			expect([host, await codeOf(get(`http://${host}:${port}/`, {}, strict))]).toEqual([host, "outbound.refused"]);
		}
		expect(asked).toBe(0);
	});

	test("addresses where no webhook is are refused, and ordinary and private ones are not", () => {
		const rules = createOutboundRules({ allow: [], deny: [] });
		const refused = [
			"169.254.169.254",
			"169.254.1.1",
			"fe80::1",
			"fe80::1%eth0",
			"224.0.0.1",
			"255.255.255.255",
			"0.0.0.0",
		];
		refused.push("ff02::1", "::", "100.100.100.200", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe");
		refused.push("fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42");
		// Translated as only that network knows, and Teredo: server and, with its bits turned, client.
		refused.push("64:ff9b:1::1", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:ffff::a9fe:a9fe");
		refused.push("2001:0:a9fe:a9fe::3fff:fdfd", "2001:0:c000:201::5601:5601", "2002:a9fe:a9fe::1");
		for (const address of refused) expect([address, rules.whyNot(address)]).toEqual([address, expect.any(String)]);
		for (const address of [
			"192.0.2.1",
			"10.1.2.3",
			"192.168.1.1",
			"172.16.0.1",
			"100.64.0.1",
			"2001:db8::1",
			"fd12::1",
			"fd00:c2::1",
			"2001:0:c000:201::3fff:fdfd",
			"2002:c000:201::1",
			"64:ff9b::c000:201",
		]) {
			expect([address, rules.whyNot(address)]).toEqual([address, undefined]);
		}
	});

	test("what is allowed wins over what is denied, and that over the rest", () => {
		const rules = createOutboundRules({
			allow: ["10.1.0.0/16", "hooks.example.net", "127.0.0.1"],
			deny: ["10.0.0.0/8", "*.example.net", "::/0"],
		});
		const verdicts = ["10.1.2.3", "10.2.2.3", "127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2", "2001:db8::1", "192.0.2.1"];
		expect(verdicts.filter((address) => rules.whyNot(address) === undefined)).toEqual([
			"10.1.2.3",
			"127.0.0.1",
			"::ffff:127.0.0.1",
			"192.0.2.1",
		]);
		expect(["hooks.example.net", "a.example.net", "example.net", "badexample.net"].map(rules.ofName)).toEqual([
			"allowed",
			"denied",
			"by_address",
			"by_address",
		]);
	});

	test("a network that is allowed although it is translated leads no further than addresses of version 4 do", () => {
		const rules = createOutboundRules({ allow: ["64:ff9b:1::/48", "2001::/32"], deny: ["192.0.2.0/24"] });
		const addresses = ["64:ff9b:1::a00:1", "64:ff9b:1:1::7f00:1", "64:ff9b:1::c000:201", "64:ff9b:1:a00:0:100::"];
		addresses.push("2001:0:c633:6401::5601:5601");
		expect(addresses.filter((address) => rules.whyNot(address) === undefined)).toEqual([
			"64:ff9b:1::a00:1",
			"64:ff9b:1:a00:0:100::",
		]);
	});

	test("a rule is an address, a network or a host name, and nothing else", () => {
		const good = ["10.0.0.0/8", "192.0.2.1", "::/0", "2001:db8::1", "example.net", "*.example.net", "netbox"];
		expect(good.filter((entry) => !isOutboundRule(entry))).toEqual([]);
		const bad = [
			"",
			"10.0.0.0/33",
			"10.0.0/8",
			"300.1.2.3",
			"http://example.net",
			"a b",
			"*",
			"fe80::1%eth0",
			"*.*.net",
			"::/129",
		];
		expect(bad.filter(isOutboundRule)).toEqual([]);
	});

	test("a name that is denied is not even looked up; one that is allowed may have any address", async () => {
		const port = await listen(createServer((_, response) => void response.end("ok")));
		const denying = createOutbound({ allow: [], deny: ["*.invalid"] });
		expect(await codeOf(get("http://nothing.invalid/", {}, denying))).toBe("outbound.refused");
		expect(await codeOf(get("http://nothing.invalid/", {}, strict))).toBe("outbound.unresolved");
		const allowing = createOutbound({ allow: ["localhost"], deny: [] });
		expect((await get(`http://localhost:${port}/`, {}, allowing)).status).toBe(200);
	});

	test("only http and https are spoken, and an address holds no password", async () => {
		const secret = "hunter2hunter2";
		for (const url of ["file:///etc/passwd", "ftp://192.0.2.1/", "no address", `https://user:${secret}@192.0.2.1/`]) {
			const { code, message } = await failure(get(url));
			expect([url, code, message.includes(secret)]).toEqual([url, "outbound.bad_request", false]);
		}
	});
});

describe("redirects", () => {
	test("each one is held against the rules", async () => {
		const url = await serve((request, response) => {
			const targets: Record<string, string> = {
				"/metadata": "http://169.254.169.254/latest/meta-data/",
				"/mapped": "http://[::ffff:a9fe:a9fe]/",
				"/here": "http://127.0.0.2/",
				"/file": "file:///etc/passwd",
			};
			response.writeHead(302, { location: targets[request.url ?? ""] }).end();
		});
		expect(await codeOf(get(`${url}/metadata`))).toBe("outbound.refused");
		expect(await codeOf(get(`${url}/mapped`))).toBe("outbound.refused");
		expect(await codeOf(get(`${url}/here`))).toBe("outbound.refused");
		expect(await codeOf(get(`${url}/file`))).toBe("outbound.bad_request");
	});

	test("at most five are followed", async () => {
		const url = await serve((request, response) => {
			const left = Number(request.url?.slice(1));
			if (left === 0) response.end("there");
			else response.writeHead(307, { location: `/${left - 1}` }).end();
		});
		expect((await get(`${url}/5`)).body.toString()).toBe("there");
		expect(await codeOf(get(`${url}/6`))).toBe("outbound.too_many_redirects");
	});

	test("another origin gets no header that may be a secret, the same one gets all", async () => {
		const seen: Record<string, unknown>[] = [];
		const other = await serve((request, response) => {
			seen.push(request.headers);
			response.end();
		});
		const url = await serve((request, response) => {
			if (request.url === "/same") seen.push(request.headers);
			response.writeHead(307, { location: request.url === "/" ? "/same" : `${other}/` }).end();
		});
		await get(url, { headers: { Authorization: "Bearer s3cret", "X-Api-Key": "s3cret", "Accept-Language": "de" } });
		expect(seen[0]).toMatchObject({ authorization: "Bearer s3cret", "x-api-key": "s3cret" });
		expect(seen[1]).toMatchObject({ "accept-language": "de" });
		expect(JSON.stringify(seen[1])).not.toContain("s3cret");
	});

	test("a write is never quietly turned into a read", async () => {
		const seen: string[] = [];
		const url = await serve((request, response) => {
			request.setEncoding("utf8");
			let body = "";
			request.on("data", (text: string) => {
				body += text;
			});
			request.on("end", () => {
				seen.push(`${request.method} ${request.url} ${body}`);
				const status = Number(request.url?.slice(1));
				if (status > 0) response.writeHead(status, { location: "/" });
				response.end();
			});
		});
		const post = (status: number) => here.request({ method: "POST", url: `${url}/${status}`, body: "x" });
		expect((await post(302)).status).toBe(302);
		expect((await post(307)).status).toBe(200);
		expect((await post(303)).status).toBe(200);
		expect(seen).toEqual(["POST /302 x", "POST /307 x", "POST / x", "POST /303 x", "GET / "]);
	});
});

describe("answers", () => {
	test("come with status, headers without cookies, and body", async () => {
		const url = await serve((request, response) => {
			response.writeHead(201, { "set-cookie": "a=b", "x-many": ["1", "2"], "content-type": "text/plain" });
			response.end(`${request.method} ${request.headers["content-type"]} ${request.headers["user-agent"]}`);
		});
		const answer = await here.request({ method: "PUT", url, headers: { "Content-Type": "text/x" }, body: "é" });
		expect(answer).toMatchObject({ status: 201, headers: { "x-many": "1, 2", "content-type": "text/plain" } });
		expect(answer.headers).not.toHaveProperty("set-cookie");
		expect(answer.body.toString()).toBe("PUT text/x NetConductor");
	});

	test("are unpacked, and are refused where they grow too large, packed or not", async () => {
		const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
		const bodies: Record<string, [encoding: string, body: Buffer]> = {
			"/gzip": ["gzip", gzipSync("unpacked")],
			"/br": ["br", brotliCompressSync("unpacked")],
			"/bomb": ["gzip", bomb],
			"/broken": ["gzip", Buffer.from("no gzip")],
			"/cut": ["gzip", gzipSync("unpacked").subarray(0, 12)],
			"/nothing": ["gzip", Buffer.alloc(0)],
			"/twice": ["gzip, gzip", gzipSync(gzipSync("x"))],
		};
		const url = await serve((request, response) => {
			const [encoding, body] = bodies[request.url ?? ""] ?? ["identity", Buffer.alloc(0)];
			if (request.url !== "/endless") return void response.writeHead(200, { "content-encoding": encoding }).end(body);
			const more = () => {
				while (response.write(Buffer.alloc(65_536)));
			};
			response.on("drain", more);
			more();
		});
		expect((await get(`${url}/gzip`)).body.toString()).toBe("unpacked");
		expect((await get(`${url}/br`)).body.toString()).toBe("unpacked");
		expect((await here.request({ method: "HEAD", url: `${url}/gzip` })).body).toHaveLength(0);
		expect((await get(`${url}/nothing`)).body).toHaveLength(0);
		expect(bomb.length).toBeLessThan(100_000);
		expect(await codeOf(get(`${url}/bomb`))).toBe("outbound.too_large");
		expect(await codeOf(get(`${url}/endless`))).toBe("outbound.too_large");
		expect(await codeOf(get(`${url}/gzip`, { max_response_bytes: 7 }))).toBe("outbound.too_large");
		expect(await codeOf(get(`${url}/broken`))).toBe("outbound.bad_answer");
		expect(await codeOf(get(`${url}/cut`))).toBe("outbound.bad_answer");
		expect(await codeOf(get(`${url}/twice`))).toBe("outbound.bad_answer");
	});

	test("that never come, come drop by drop or never end are not waited for", async () => {
		const url = await serve((request, response) => {
			if (request.url === "/mute") return;
			response.write("x");
			const timer = setInterval(() => response.write("x"), 20);
			response.on("close", () => clearInterval(timer));
		});
		expect(await codeOf(get(`${url}/mute`, { timeout_ms: 150 }))).toBe("outbound.timeout");
		expect(await codeOf(get(`${url}/drops`, { timeout_ms: 150 }))).toBe("outbound.timeout");
	});

	test("end with the caller's own reason when the caller goes away", async () => {
		const url = await serve(() => {});
		const gone = new AbortController();
		const asked = get(url, { signal: gone.signal });
		setTimeout(() => gone.abort(new Error("cancelled")), 50);
		await expect(asked).rejects.toThrow("cancelled");
		await expect(get(url, { signal: AbortSignal.abort(new Error("already")) })).rejects.toThrow("already");
	});

	test("that are no HTTP, and servers that are not there, are told apart", async () => {
		const port = await listen(
			createTcpServer((socket) => {
				socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
			}),
		);
		expect(await codeOf(get(`http://127.0.0.1:${port}/`))).toBe("outbound.bad_answer");
		const gone = createTcpServer();
		const free = await listen(gone);
		await new Promise((resolve) => gone.close(resolve));
		open.pop();
		expect(await codeOf(get(`http://127.0.0.1:${free}/`))).toBe("outbound.unreachable");
	});
});

test("a header that cannot be sent is named, and its value is not", async () => {
	const bad = {
		"X-Token": "s3cret\r\nX-Other: y",
		Host: "s3cret",
		"bad name": "s3cret",
		"Content-Length": "5",
		"Proxy-Authorization": "s3cret",
	};
	for (const [name, value] of Object.entries(bad)) {
		const { code, message } = await failure(get("http://127.0.0.1:9/", { headers: { [name]: value } }));
		expect([code, message.includes(name), message.includes("s3cret")]).toEqual(["outbound.bad_request", true, false]);
	}
});

describe("TLS", () => {
	let folder: string;
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), "outbound-"));
		for (const [name, san] of [
			["right", "IP:127.0.0.1"],
			["wrong", "DNS:other.example.net"],
		] as const) {
			const files = ["-keyout", join(folder, `${name}.key`), "-out", join(folder, `${name}.crt`)];
			const what = ["-nodes", "-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=${san}`];
			const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", ...what, ...files];
			execFileSync("openssl", args, { stdio: "ignore" });
		}
	});
	afterAll(() => rmSync(folder, { recursive: true }));
	const file = (name: string) => readFileSync(join(folder, name), "utf8");

	async function serveTls(name: string, listener: RequestListener = (_, response) => void response.end("ok")) {
		const server = createTlsServer({ key: file(`${name}.key`), cert: file(`${name}.crt`) }, listener);
		return `https://127.0.0.1:${await listen(server)}`;
	}

	test("a certificate is trusted when an authority that was given signed it for this host, and in no other case", async () => {
		const right = await serveTls("right");
		const wrong = await serveTls("wrong");
		expect((await get(right, { ca: file("right.crt") })).status).toBe(200);
		expect(await codeOf(get(right))).toBe("outbound.untrusted");
		expect(await codeOf(get(right, { ca: file("wrong.crt") }))).toBe("outbound.untrusted");
		expect(await codeOf(get(wrong, { ca: file("wrong.crt") }))).toBe("outbound.untrusted");
	});

	test("an environment that switches the checks off or names a proxy changes nothing", async () => {
		const right = await serveTls("right");
		const before = { ...process.env };
		Object.assign(process.env, {
			NODE_TLS_REJECT_UNAUTHORIZED: "0",
			HTTPS_PROXY: "http://127.0.0.1:9",
			https_proxy: "http://127.0.0.1:9",
		});
		try {
			expect(await codeOf(get(right))).toBe("outbound.untrusted");
			expect((await get(right, { ca: file("right.crt") })).status).toBe(200);
		} finally {
			process.env = before;
		}
	});

	test("a redirect never leads from TLS to a connection without", async () => {
		const plain = await serve((_, response) => void response.end());
		const url = await serveTls("right", (_, response) => void response.writeHead(307, { location: plain }).end());
		expect(await codeOf(get(url, { ca: file("right.crt") }))).toBe("outbound.refused");
	});
});
