import { setTimeout as sleep } from "node:timers/promises";
import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { Actor } from "@netconductor/contracts/kernel/actor";
import { defineApi, get, internal, post } from "@netconductor/contracts/kernel/operation";
import { Secret } from "@netconductor/contracts/kernel/secret";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { openDatabase } from "../db/database.ts";
import { failed, isAppError } from "../errors.ts";
import { currentTraceId, withSpan } from "../telemetry.ts";
import { actorWith, admin, startTestHost, type TestHost } from "../testing/service.ts";
import { defineService } from "./service.ts";

const probeApi = defineApi("probe", {
	echo: post("/probe/echo/:id", {
		summary: "Answers what it was sent",
		params: z.object({ id: z.string().max(100) }),
		query: z.object({
			n: z.coerce.number().int().default(7),
			tags: z.union([z.string(), z.array(z.string())]).optional(),
		}),
		body: z.object({ text: z.string(), at: z.date().or(z.string()).optional(), drop: z.undefined().optional() }),
		returns: z.object({ id: z.string(), n: z.number(), tags: z.unknown(), body: z.unknown() }),
		permission: "probe:write",
		changes: false,
		max_body_bytes: 80 * 1024 * 1024,
	}),
	change: post("/probe/change", {
		summary: "Changes something",
		body: z.object({ name: z.string(), password: Secret() }),
		returns: z.object({ done: z.boolean() }),
		permission: "probe:write",
	}),
	context: get("/probe/context", {
		summary: "Who calls, in which trace",
		returns: z.object({ actor: Actor, trace_id: z.string().optional(), request_id: z.string(), left_ms: z.number() }),
		authenticated: true,
	}),
	known: get("/probe/known", { summary: "Fails in a known way", returns: z.object({}), authenticated: true }),
	unexpected: get("/probe/unexpected", {
		summary: "Fails in an unknown way",
		returns: z.object({}),
		authenticated: true,
	}),
	wrong: get("/probe/wrong", {
		summary: "Answers nonsense",
		returns: z.object({ n: z.number() }),
		authenticated: true,
	}),
	nothing: post("/probe/nothing", { summary: "Answers nothing", authenticated: true, changes: false }),
	text: get("/probe/text", {
		summary: "Answers text",
		returns: z.string(),
		produces: "text/plain; charset=utf-8",
		public: true,
	}),
	slow: get("/probe/slow", {
		summary: "Never ends by itself",
		returns: z.object({}),
		authenticated: true,
		timeout_ms: 60_000,
	}),
	small: post("/probe/small", {
		summary: "Takes small bodies",
		body: z.object({ text: z.string() }),
		authenticated: true,
		changes: false,
		max_body_bytes: 1000,
	}),
	shared: get("/probe/shared", {
		summary: "The same for all",
		query: z.object({ n: z.coerce.number().int() }),
		returns: z.object({ n: z.number(), nth: z.number(), actor: z.string() }),
		permission: "probe:read",
		same_for_all: true,
	}),
	limited: get("/probe/limited", {
		summary: "Of the devices that the asker's role covers",
		returns: z.object({ device_groups: z.array(z.string()).nullable(), nth: z.number() }),
		permission: "probe:read",
		scope: "devices",
		same_for_all: true,
	}),
	inside: internal("/internal/probe/inside", { summary: "For services", returns: z.object({ ok: z.boolean() }) }),
});

const cancelled: string[] = [];
let readings = 0;

const probe = defineService({
	name: "probe",
	api: probeApi,
	setup: () => ({
		operations: {
			echo: async ({ params, query, body }) => ({ id: params.id, n: query.n, tags: query.tags, body }),
			change: async ({ note, body }) => {
				note({ resource_type: "probe", resource_name: body.name });
				return { done: true };
			},
			context: async ({ actor, request_id, deadline_at }) => ({
				actor,
				trace_id: currentTraceId(),
				request_id,
				left_ms: deadline_at - performance.now(),
			}),
			known: async () => {
				throw failed("device.timeout", {
					message: "core-1 stopped answering",
					phase: "command",
					details: { device: "core-1" },
				});
			},
			unexpected: async () => {
				throw new Error("the password is hunter2");
			},
			wrong: async () => ({ n: "three" }) as never,
			nothing: async () => undefined,
			text: async () => "a;b\n",
			slow: ({ signal, request_id }) =>
				new Promise((_, reject) => {
					signal.addEventListener("abort", () => {
						cancelled.push(request_id);
						reject(new Error("stopped"));
					});
				}),
			small: async () => undefined,
			shared: async ({ query, actor, signal }) => {
				const nth = ++readings;
				await sleep(50, undefined, { signal });
				return { n: query.n, nth, actor: actor.id };
			},
			limited: async ({ actor: { device_groups = null } }) => {
				const nth = ++readings;
				await sleep(50);
				return { device_groups, nth };
			},
			inside: async () => ({ ok: true }),
		},
	}),
});

/** Both transports must pass every one of these: code that works in one process works in many. */
describe.each(["local", "http"] as const)("%s transport", (kind) => {
	let serving: TestHost;
	let calling: TestHost;
	beforeAll(async () => {
		serving = await startTestHost({ services: [probe], log_level: "silent" });
		calling =
			kind === "local"
				? serving
				: await startTestHost({
						services: [],
						addresses: { probe: [serving.host.internal_url ?? ""] },
						log_level: "silent",
					});
	});
	afterAll(async () => {
		if (calling !== serving) await calling.stop();
		await serving.stop();
	});

	const call = () => calling.host.client(probeApi);

	test("input arrives parsed, defaults filled in, as JSON would carry it", async () => {
		const answer = await call().echo(
			{ params: { id: "ä/b c" }, query: { tags: ["x", "y"] }, body: { text: "t", at: new Date(0), drop: undefined } },
			{ actor: admin },
		);
		expect(answer).toEqual({
			id: "ä/b c",
			n: 7,
			tags: ["x", "y"],
			body: { text: "t", at: "1970-01-01T00:00:00.000Z" },
		});
	});

	test("what comes back is a copy: changing it changes nothing on the other side", async () => {
		const body = { text: "before" };
		const answer = await call().echo({ params: { id: "1" }, body }, { actor: admin });
		(answer.body as { text: string }).text = "after";
		expect(body.text).toBe("before");
	});

	test("every wrong field is named, with the part of the request it is in", async () => {
		const error = await caught(
			call().echo({ params: { id: "1" }, query: { n: "x" as never }, body: {} as never }, { actor: admin }),
		);
		expect(error).toMatchObject({ code: "request.invalid", kind: "invalid" });
		expect(error.errors?.map(({ path }) => path)).toEqual(["query.n", "body.text"]);
	});

	test("a NUL anywhere in the input is refused, with the field named", async () => {
		const error = await caught(call().echo({ params: { id: "1" }, body: { text: "a\0b" } }, { actor: admin }));
		expect(error).toMatchObject({ code: "request.invalid", errors: [{ path: "body.text" }] });
	});

	test("without the permission nothing is called, and the error names it", async () => {
		const error = await caught(
			call().echo({ params: { id: "1" }, body: { text: "" } }, { actor: actorWith("probe:read") }),
		);
		expect(error).toMatchObject({ code: "auth.forbidden", details: { permission: "probe:write" } });
	});

	test("what does not say how it keeps to some devices is refused to those who see no others, whatever they may do", async () => {
		const actor = { ...actorWith("*"), device_groups: ["g1"] };
		expect(await caught(call().context({}, { actor }))).toMatchObject({ code: "auth.out_of_scope", kind: "forbidden" });
		const denied = await caught(call().limited({}, { actor: { ...actorWith(), device_groups: ["g1"] } }));
		expect(denied).toMatchObject({ code: "auth.forbidden" });
		expect(await call().limited({}, { actor })).toMatchObject({ device_groups: ["g1"] });
		expect(await call().inside({}, { actor })).toEqual({ ok: true });
	});

	test("what is the same for all is read once for those who see the same devices, and never shown to others", async () => {
		readings = 0;
		const groups = [["g1"], ["g1"], ["g2"], [], undefined, undefined];
		const answers = await Promise.all(
			groups.map((device_groups) => {
				const actor = { ...actorWith("probe:read"), ...(device_groups && { device_groups }) };
				return call().limited({}, { actor });
			}),
		);
		expect(answers.map(({ device_groups }) => device_groups)).toEqual(groups.map((one) => one ?? null));
		expect(readings).toBeGreaterThanOrEqual(4);
	});

	test("a wildcard of the resource grants its actions", async () => {
		const answer = await call().echo({ params: { id: "1" }, body: { text: "" } }, { actor: actorWith("probe:*") });
		expect(answer.id).toBe("1");
	});

	test("what is the same for all is read once for many, on nobody's behalf, and each caller's permission is checked", async () => {
		readings = 0;
		const ask = (n: number, actor = actorWith("probe:read")) => call().shared({ query: { n } }, { actor });
		const denied = caught(ask(1, actorWith("probe:write")));
		const answers = await Promise.all([1, 1, 1, 2, 1, 1].map((n) => ask(n)));
		expect((await denied).code).toBe("auth.forbidden");
		expect(answers.map(({ n }) => n)).toEqual([1, 1, 1, 2, 1, 1]);
		expect(new Set(answers.map(({ actor }) => actor))).toEqual(new Set(["anonymous"]));
		expect(readings).toBeLessThan(6);
	});

	test("one of those who share a reading may go away, and the others are answered", async () => {
		const going = new AbortController();
		const gone = caught(call().shared({ query: { n: 9 } }, { actor: admin, signal: going.signal }));
		const staying = call().shared({ query: { n: 9 } }, { actor: admin });
		setTimeout(() => going.abort(), 20);
		expect((await gone).code).toBe("request.cancelled");
		expect((await staying).n).toBe(9);
	});

	test("actor, trace, request id and deadline travel along", async () => {
		const actor = { ...actorWith("probe:read"), ip: "192.0.2.1", session_id: "s1" };
		const { here, there } = await withSpan("test", {}, async () => ({
			here: currentTraceId(),
			there: await call().context({}, { actor, request_id: "r-1", deadline_at: performance.now() + 5_000 }),
		}));
		expect(there).toMatchObject({ actor, trace_id: here, request_id: "r-1" });
		expect(there.left_ms).toBeGreaterThan(3_000);
		expect(there.left_ms).toBeLessThanOrEqual(5_000);
	});

	test("a known error keeps code, kind, phase, details and message", async () => {
		expect(await caught(call().known({}, { actor: admin }))).toMatchObject({
			name: "AppError",
			code: "device.timeout",
			kind: "timeout",
			message: "core-1 stopped answering",
			phase: "command",
			details: { device: "core-1" },
			retryable: true,
		});
	});

	test("an unexpected error tells the caller nothing of its inside", async () => {
		const error = await caught(call().unexpected({}, { actor: admin }));
		expect(error).toMatchObject({ code: "internal.unexpected", kind: "internal" });
		expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain("hunter2");
	});

	test("an answer outside the contract is an error, not an answer", async () => {
		expect(await caught(call().wrong({}, { actor: admin }))).toMatchObject({ code: "service.bad_answer" });
	});

	test("an operation may answer nothing, or text", async () => {
		expect(await call().nothing({}, { actor: admin })).toBeUndefined();
		expect(await call().text({}, { actor: admin })).toBe("a;b\n");
	});

	test("internal operations answer to services, whoever they act for", async () => {
		expect(await call().inside({}, { actor: actorWith() })).toEqual({ ok: true });
	});

	test("a body of 50 MB goes through whole", async () => {
		const text = "x".repeat(50 * 1024 * 1024);
		const answer = await call().echo({ params: { id: "1" }, body: { text } }, { actor: admin });
		expect((answer.body as { text: string }).text.length).toBe(text.length);
	}, 60_000);

	test("a body beyond the operation's limit is refused", async () => {
		const error = await caught(call().small({ body: { text: "x".repeat(2000) } }, { actor: admin }));
		expect(error).toMatchObject({ code: "request.too_large" });
	});

	test("the caller is answered at the deadline, and the handler hears of it", async () => {
		const request_id = `deadline-${kind}`;
		const started = performance.now();
		const error = await caught(call().slow({}, { actor: admin, deadline_at: performance.now() + 300, request_id }));
		expect(error).toMatchObject({ code: "request.deadline_exceeded", kind: "timeout" });
		expect(performance.now() - started).toBeLessThan(3_000);
		await expect.poll(() => cancelled).toContain(request_id);
	});

	test("a caller that goes away cancels the work", async () => {
		const request_id = `cancel-${kind}`;
		const gone = new AbortController();
		const pending = caught(call().slow({}, { actor: admin, signal: gone.signal, request_id }));
		setTimeout(() => gone.abort(), 100);
		expect(await pending).toMatchObject({ code: "request.cancelled" });
		await expect.poll(() => cancelled).toContain(request_id);
	});

	test("a clock that jumps an hour makes no call late", async () => {
		const real = Date.now;
		const clock = vi.spyOn(Date, "now");
		const hourOff = () => clock.mockImplementation(() => real() + 3_600_000);
		const pending = call().context({}, { actor: admin, deadline_at: performance.now() + 5_000 });
		hourOff();
		try {
			expect((await pending).left_ms).toBeLessThanOrEqual(5_000);
		} finally {
			clock.mockRestore();
		}
	});

	test("a call whose deadline has passed is not made", async () => {
		const error = await caught(call().context({}, { actor: admin, deadline_at: performance.now() - 1 }));
		expect(error).toMatchObject({ code: "request.deadline_exceeded" });
	});
});

test("a peer that dies in the middle of a call is an error at once, and one that is gone is not asked for ever", async () => {
	const serving = await startTestHost({ services: [probe], log_level: "silent" });
	const calling = await startTestHost({
		services: [],
		addresses: { probe: [serving.host.internal_url ?? ""] },
		log_level: "silent",
	});
	const pending = caught(calling.host.client(probeApi).slow({}, { actor: admin }));
	await new Promise((resolve) => setTimeout(resolve, 200));
	await serving.stop();
	expect(await pending).toMatchObject({ code: "service.unavailable", retryable: true });
	for (let attempt = 0; attempt < 10; attempt++) {
		expect(await caught(calling.host.client(probeApi).nothing({}, { actor: admin }))).toMatchObject({
			code: "service.unavailable",
		});
	}
	expect(await caught(calling.host.client(probeApi).nothing({}, { actor: admin }))).toMatchObject({
		details: { reason: "not asked" },
	});
	await calling.stop();
});

test("a service token is needed, and one for another service does not do", async () => {
	const serving = await startTestHost({ services: [probe], log_level: "silent" });
	const address = `${serving.host.internal_url}/probe/context`;
	expect((await fetch(address)).status).toBe(401);
	const { createServiceTokens } = await import("./service-token.ts");
	const { deriveKey } = await import("../master-key.ts");
	const seed = deriveKey({ id: "07070707", bytes: Buffer.alloc(32, 7), source: "test" }, "service tokens");
	const elsewhere = await createServiceTokens("x", seed).issue("devices", admin);
	expect((await fetch(address, { headers: { authorization: `Bearer ${elsewhere}` } })).status).toBe(401);
	const stranger = await createServiceTokens("x", Buffer.alloc(32, 1)).issue("probe", admin);
	expect((await fetch(address, { headers: { authorization: `Bearer ${stranger}` } })).status).toBe(401);
	const right = await createServiceTokens("x", seed).issue("probe", admin);
	expect((await fetch(address, { headers: { authorization: `Bearer ${right}` } })).status).toBe(200);
	await serving.stop();
});

test("a process whose token is refused finds the service away, and may ask again: no caller did anything wrong", async () => {
	const serving = await startTestHost({ services: [probe], log_level: "silent" });
	const { createServiceTokens } = await import("./service-token.ts");
	const { createHttpTransport } = await import("./http-transport.ts");
	const transport = createHttpTransport({
		service: "probe",
		base_urls: [serving.host.internal_url ?? ""],
		tokens: createServiceTokens("x", Buffer.alloc(32, 1)),
	});
	const raw = { params: {}, query: {}, body: undefined };
	const { context } = probeApi.operations;
	expect(await caught(transport.call(context, "context", raw, { actor: admin }))).toMatchObject({
		code: "service.unavailable",
		retryable: true,
		message: expect.stringContaining("clocks"),
	});
	await transport.close();
	await serving.stop();
});

test("a change is recorded with its outcome, secrets masked; a change that cannot be recorded does not happen", async () => {
	const records: OperationRecord[] = [];
	const listener = defineService({
		name: "listener",
		api: defineApi("listener", {}),
		setup: () => ({
			operations: {},
			consumers: { "audit.operation_recorded.v1": async (record) => void records.push(record) },
		}),
	});
	const host = await startTestHost({ services: [probe, listener], log_level: "silent" });
	const call = host.host.client(probeApi);
	await call.change({ body: { name: "core", password: "hunter2" } }, { actor: admin });
	await caught(call.change({ body: { name: "core", password: "hunter2" } }, { actor: actorWith() }));
	await expect
		.poll(() => records)
		.toMatchObject([
			{
				operation: "change",
				outcome: "succeeded",
				resource_name: "core",
				request: { body: { name: "core", password: "[redacted]" } },
			},
			{ operation: "change", outcome: "denied", error_code: "auth.forbidden" },
		]);
	expect(JSON.stringify(records)).not.toContain("hunter2");

	const db = openDatabase({
		url: host.host.databaseUrl("probe") ?? "",
		schema: "probe",
		application_name: "test",
	});
	await db.query("alter table audit_intents rename to elsewhere");
	const error = await caught(call.change({ body: { name: "core", password: "x" } }, { actor: admin }));
	expect(error).toMatchObject({ code: "audit.unavailable" });
	await db.close();
	await host.stop();
});

async function caught(promise: Promise<unknown>) {
	const error: unknown = await promise.then(
		() => undefined,
		(thrown: unknown) => thrown,
	);
	if (!isAppError(error)) throw new Error(`expected an AppError, got ${String(error)}`);
	return error;
}
