import { type Client, createClient } from "@netconductor/contracts/kernel/client";
import type { Api } from "@netconductor/contracts/kernel/operation";
import type { CallerContext, ServiceTransport } from "./call.ts";
import { toRawCall } from "./transport.ts";

/** A typed client of a service over whichever transport reaches it. */
export function createServiceClient<A extends Api>(api: A, transport: ServiceTransport): Client<A, CallerContext> {
	return createClient<A, CallerContext>(api, async (operation, name, input, caller) => {
		const { content_type, payload } = await transport.call(operation, name, toRawCall(operation, input), caller);
		if (operation.returns === undefined) return undefined;
		return content_type.startsWith("application/json") ? JSON.parse(payload) : payload;
	});
}
