import { apis } from "@netconductor/contracts/apis";
import { gatewayApi } from "@netconductor/contracts/gateway/api";
import { realtimeApi } from "@netconductor/contracts/realtime/api";
import { failed } from "@netconductor/runtime/errors";
import { defineService } from "@netconductor/runtime/host/service";
import { closeWithin } from "@netconductor/runtime/http/close";
import type { FastifyInstance } from "fastify";
import { createAuthenticate } from "./authenticate.ts";
import { gatewayConfig } from "./config.ts";
import { createEdge } from "./edge.ts";

const drain_ms = 5_000;

/** The one door from outside: routes made from the contracts, identity, limits, headers, the web app. */
export const gatewayService = defineService({
	name: "gateway",
	api: gatewayApi,
	schema: false,
	config: gatewayConfig,
	needs: { ...apis, realtime: realtimeApi },
	async setup(context) {
		const authenticate = createAuthenticate({
			auth: context.clients.auth,
			account: context.ownAccount(),
			clock: context.clock,
		});
		const edge = await createEdge({ ...context, authenticate });
		return {
			operations: {},
			start: async () => {
				await listen(edge, context.config);
			},
			stop: () => closeWithin(edge, drain_ms),
		};
	},
});

async function listen(edge: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
	try {
		await edge.listen({ host, port });
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		const why = code === "EADDRINUSE" ? "another program listens there already" : (code ?? String(cause));
		throw failed("startup.address_unusable", {
			message: `Cannot listen on ${host}:${port}: ${why}. Choose another with NETCONDUCTOR_PORT and NETCONDUCTOR_HOST.`,
			cause,
		});
	}
}
