import { AccessChange, accessTopic } from "@netconductor/contracts/auth/access";
import { authApi } from "@netconductor/contracts/auth/api";
import { isByApiToken } from "@netconductor/contracts/kernel/actor";
import { realtimeApi } from "@netconductor/contracts/realtime/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import { defineService } from "@netconductor/runtime/host/service";
import { realtimeConfig } from "./config.ts";
import { createDashboard } from "./dashboard.ts";
import { createRunFeeds } from "./run-feed.ts";
import { createSocketServer } from "./socket-server.ts";

/** Live views over WebSocket: a run as it goes, and what changes anywhere. Keeps nothing: what matters is stored by its owner. */
export const realtimeService = defineService({
	name: "realtime",
	api: realtimeApi,
	config: realtimeConfig,
	needs: { auth: authApi, tasks: tasksApi },
	setup({ clients, config, ephemeral, clock, log, ownAccount }) {
		const feeds = createRunFeeds({ tasks: clients.tasks, account: ownAccount(), ephemeral, log });
		const dashboard = createDashboard({ tasks: clients.tasks, account: ownAccount(), ephemeral, clock, log });
		const sockets = createSocketServer({
			redeemTicket: async (ticket) => (await clients.auth.redeemWsTicket({ body: { ticket } }, ownAccount())).actor,
			requireRun: async (actor, run_id) => {
				if (actor.device_groups !== undefined) await clients.tasks.getRun({ params: { id: run_id } }, { actor });
			},
			resolveAgain: async (actor) => {
				const { id, session_id = "" } = actor;
				const known = { kind: "session" as const, session_id, user_id: id };
				const body = isByApiToken(actor) ? { kind: "api_token_id" as const, token_id: session_id } : known;
				const { actor: now, ...owes } = await clients.auth.resolveActor({ body }, ownAccount());
				return owes.must_change_password || owes.must_add_second_factor ? undefined : now;
			},
			allowed_origins: config.allowed_origins,
			feeds,
			dashboard,
			log,
		});
		let unsubscribe: (() => Promise<void>) | undefined;
		return {
			operations: {},
			consumers: dashboard.consumers,
			upgrades: { prefix: "/ws/", accept: sockets.accept },
			async start() {
				await feeds.start();
				await dashboard.start();
				// Of what is not understood, and after a gap, nobody knows whom it concerned.
				const hear = (change: unknown) => void sockets.accessChanged(AccessChange.safeParse(change).data ?? {});
				unsubscribe = await ephemeral.subscribe(accessTopic, hear, () => hear({}));
			},
			async stop() {
				await unsubscribe?.();
				await sockets.close();
				await dashboard.stop();
				await feeds.stop();
			},
		};
	},
});
