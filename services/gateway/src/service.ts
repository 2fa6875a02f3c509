import { apis } from "@netconductor/contracts/apis";
import { gatewayApi } from "@netconductor/contracts/gateway/api";
import { realtimeApi } from "@netconductor/contracts/realtime/api";
import { defineService } from "@netconductor/runtime/host/service";
import { closeWithin } from "@netconductor/runtime/http/close";
import { listenOn } from "@netconductor/runtime/http/listen";
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
			start: () =>
				listenOn(edge, context.config, {
					announce: "Answering browsers and programs at",
					settings: "NETCONDUCTOR_HOST and NETCONDUCTOR_PORT",
				}),
			stop: () => closeWithin(edge, drain_ms),
		};
	},
});
