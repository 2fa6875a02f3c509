import { setTimeout as sleep } from "node:timers/promises";
import { apis } from "@netconductor/contracts/apis";
import { AccessChange, accessTopic } from "@netconductor/contracts/auth/access";
import { gatewayApi } from "@netconductor/contracts/gateway/api";
import { realtimeApi } from "@netconductor/contracts/realtime/api";
import { defineService } from "@netconductor/runtime/host/service";
import { closeWithin } from "@netconductor/runtime/http/close";
import { listenOn } from "@netconductor/runtime/http/listen";
import { createAuthentication } from "./authenticate.ts";
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
		const { authenticate, forget } = createAuthentication({
			auth: context.clients.auth,
			account: context.ownAccount(),
			clock: context.clock,
		});
		const edge = await createEdge({ ...context, authenticate });
		let unsubscribe: (() => Promise<void>) | undefined;
		return {
			operations: {},
			async start() {
				// Of what is not understood, and after a gap, nobody knows whom it concerned.
				const hear = (change: unknown) => forget(AccessChange.safeParse(change).data ?? {});
				unsubscribe = await context.ephemeral.subscribe(accessTopic, hear, () => forget({}));
				await listenOn(edge, context.config, {
					announce: "Answering browsers and programs at",
					settings: "NETCONDUCTOR_HOST and NETCONDUCTOR_PORT",
				});
			},
			async stop() {
				await sleep(context.config.shutdown_delay_ms);
				await closeWithin(edge, drain_ms);
				await unsubscribe?.();
			},
		};
	},
});
