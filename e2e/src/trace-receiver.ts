import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A span as OTLP/HTTP carries it in JSON. */
interface ReceivedSpan {
	name: string;
	traceId: string;
	spanId: string;
	parentSpanId?: string;
	attributes: { key: string; value: Record<string, unknown> }[];
	/** `service.name` of the process that sent it. */
	sent_by: string;
}

export interface TraceReceiver {
	/** For OTEL_EXPORTER_OTLP_ENDPOINT. */
	endpoint: string;
	spans: ReceivedSpan[];
	/** Everything received, as it came: for canary searches. */
	text(): string;
	stop(): Promise<void>;
}

interface ExportRequest {
	resourceSpans: {
		resource: { attributes: { key: string; value: { stringValue?: string } }[] };
		scopeSpans: { spans: Omit<ReceivedSpan, "sent_by">[] }[];
	}[];
}

/** A small OTLP/HTTP receiver that keeps what it gets. */
export async function startTraceReceiver(): Promise<TraceReceiver> {
	const spans: ReceivedSpan[] = [];
	const bodies: string[] = [];
	const server = createServer(async (request, response) => {
		const pieces: Buffer[] = [];
		for await (const piece of request) pieces.push(piece);
		const body = Buffer.concat(pieces).toString();
		bodies.push(body);
		const { resourceSpans }: ExportRequest = JSON.parse(body);
		for (const { resource, scopeSpans } of resourceSpans) {
			const name = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
			for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, sent_by: name })));
		}
		response.setHeader("content-type", "application/json").end("{}");
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		spans,
		text: () => bodies.join("\n"),
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}
