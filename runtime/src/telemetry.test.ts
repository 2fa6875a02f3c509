import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { failed } from "./errors.ts";
import {
	currentTraceId,
	currentTraceparent,
	runWithTraceparent,
	startTelemetry,
	type Telemetry,
	withSpan,
} from "./telemetry.ts";

const remote = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
let server: Server | undefined;
let telemetry: Telemetry | undefined;

afterEach(async () => {
	await telemetry?.stop();
	await new Promise((done) => (server ? server.close(done) : done(undefined)));
	server = undefined;
	telemetry = undefined;
});

interface SentSpan {
	name: string;
	traceId: string;
	spanId: string;
	parentSpanId?: string;
	kind: number;
	status: { code?: number; message?: string };
	attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

async function receiver() {
	const spans: SentSpan[] = [];
	const paths: (string | undefined)[] = [];
	const listening = createServer(async (request, response) => {
		const chunks: Buffer[] = [];
		for await (const chunk of request) chunks.push(chunk as Buffer);
		paths.push(request.url);
		const body = JSON.parse(Buffer.concat(chunks).toString());
		for (const resource of body.resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans);
		response.setHeader("content-type", "application/json").end("{}");
	});
	await new Promise<void>((done) => listening.listen(0, "127.0.0.1", done));
	server = listening;
	return { spans, paths, endpoint: `http://127.0.0.1:${(listening.address() as AddressInfo).port}` };
}

test("without an endpoint trace ids are made and carried all the same", async () => {
	expect(currentTraceparent()).toBeUndefined();
	await withSpan("outer", {}, async () => {
		const outer = currentTraceparent();
		expect(outer).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
		await withSpan("inner", {}, async () => {
			expect(currentTraceparent()?.slice(0, 36)).toBe(outer?.slice(0, 36));
		});
		expect(currentTraceparent()).toBe(outer);
	});
});

test("a traceparent is continued, and an invalid one starts a new trace", () => {
	expect(runWithTraceparent(remote, currentTraceparent)).toBe(remote);
	const invalid = [
		undefined,
		"",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		`${remote}0`,
		"\n".repeat(1_000),
	];
	for (const header of invalid) {
		const made = runWithTraceparent(header, currentTraceparent);
		expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
		expect(made).not.toContain("0af7651916cd43dd");
	}
	expect(runWithTraceparent(`${remote.replace(/^00/, "01")}-more`, currentTraceId)).toBe(remote.slice(3, 35));
});

test("spans arrive at an OTLP receiver with parent, kind, attributes and error, and without secrets", async () => {
	const { spans, paths, endpoint } = await receiver();
	telemetry = await startTelemetry({ otlp_endpoint: endpoint, service_name: "netconductor-test" });
	let inside: string | undefined;
	await runWithTraceparent(remote, () =>
		withSpan(
			"GET devices.getDevice",
			{ device: "core-1", url: "postgres://u:hunter2x@db" },
			async (setAttributes) => {
				inside = currentTraceparent();
				setAttributes({ status: 404 });
				await withSpan(
					"connect",
					{},
					() => {
						throw failed("device.refused", { message: "refused token=hunter2x" });
					},
					"client",
				).catch(() => {});
			},
			"server",
		),
	);
	await telemetry.flush();
	expect(paths).toEqual(["/v1/traces"]);
	const [child, parent] = spans;
	expect(parent).toMatchObject({
		name: "GET devices.getDevice",
		traceId: remote.slice(3, 35),
		parentSpanId: remote.slice(36, 52),
		kind: 2,
	});
	expect(parent?.spanId).toBe(inside?.slice(36, 52));
	expect(parent?.attributes).toContainEqual({ key: "status", value: { intValue: 404 } });
	expect(child).toMatchObject({ name: "connect", parentSpanId: parent?.spanId, kind: 3, status: { code: 2 } });
	expect(child?.attributes).toContainEqual({ key: "error.type", value: { stringValue: "device.refused" } });
	expect(JSON.stringify(spans)).not.toContain("hunter2x");
});

test("a caller that does not sample is obeyed, and the trace id still travels", async () => {
	const { spans, endpoint } = await receiver();
	telemetry = await startTelemetry({ otlp_endpoint: `${endpoint}/v1/traces`, service_name: "netconductor-test" });
	await runWithTraceparent(remote.replace(/01$/, "00"), () =>
		withSpan("quiet", {}, () =>
			expect(currentTraceparent()).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/),
		),
	);
	await telemetry.flush();
	expect(spans).toEqual([]);
});

test("the first span of a trace takes the ids that were handed out before it, later ones are its children", async () => {
	const { spans, endpoint } = await receiver();
	telemetry = await startTelemetry({ otlp_endpoint: endpoint, service_name: "netconductor-test" });
	const handedOut = await runWithTraceparent(undefined, async () => {
		const before = currentTraceparent();
		await withSpan("request", {}, () => expect(currentTraceparent()).toBe(before));
		await withSpan("afterwards", {}, () => {});
		return before;
	});
	await telemetry.flush();
	const [request, afterwards] = spans;
	expect(`00-${request?.traceId}-${request?.spanId}-01`).toBe(handedOut);
	expect(request?.parentSpanId).toBeUndefined();
	expect(afterwards).toMatchObject({ traceId: request?.traceId, parentSpanId: request?.spanId });
});

test("of traces begun here only the chosen share is reported", async () => {
	const { spans, endpoint } = await receiver();
	telemetry = await startTelemetry({ otlp_endpoint: endpoint, service_name: "netconductor-test", sample_ratio: 0 });
	await runWithTraceparent(undefined, () => withSpan("quiet", {}, () => expect(currentTraceparent()).toMatch(/-00$/)));
	await withSpan("quiet", {}, () => {});
	await telemetry.flush();
	expect(spans).toEqual([]);
});

test("a receiver that is away neither fails the work nor keeps the process from stopping", async () => {
	telemetry = await startTelemetry({ otlp_endpoint: "http://127.0.0.1:9", service_name: "netconductor-test" });
	expect(await withSpan("work", {}, () => "done")).toBe("done");
	const before = performance.now();
	await telemetry.stop();
	expect(performance.now() - before).toBeLessThan(4_000);
});
