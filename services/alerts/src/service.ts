import { alertsApi } from "@netconductor/contracts/alerts/api";
import { authApi } from "@netconductor/contracts/auth/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { announceChange } from "@netconductor/runtime/bus/announce-change";
import type { WorkLoop } from "@netconductor/runtime/bus/work-loop";
import { type CallContext, defineService } from "@netconductor/runtime/host/service";
import { getApprovalState, lapseApproval, startApproved } from "./approvals/answer-engine.ts";
import { createApprovalScope } from "./approvals/approval-scope.ts";
import { approve, bypass, delegate, reject } from "./approvals/decide.ts";
import { followRuns } from "./approvals/follow-runs.ts";
import { createTimekeeper, followUsers } from "./approvals/keep-time.ts";
import {
	getApproval,
	getApprovalStats,
	listApprovalDevices,
	listApprovals,
	listApprovers,
} from "./approvals/read-approvals.ts";
import { requestApproval } from "./approvals/request-approval.ts";
import { followBrokenGlass } from "./broken-glass/follow-broken-glass.ts";
import { sendNotices } from "./broken-glass/send-notices.ts";
import { alertsConfig } from "./config.ts";
import {
	createApprovalPolicy,
	deleteApprovalPolicy,
	getApprovalPolicy,
	listApprovalPolicies,
	orderApprovalPolicies,
	updateApprovalPolicy,
} from "./policies/manage-policies.ts";
import { ensureBuiltIn } from "./policies/policy-store.ts";
import { evaluateApprovalPolicies } from "./policies/try-policies.ts";

/** Who has to agree before a run changes anything, and whether they did. */
export const alertsService = defineService({
	name: "alerts",
	api: alertsApi,
	config: alertsConfig,
	migrations: new URL("../migrations/", import.meta.url),
	needs: { auth: authApi, devices: devicesApi },
	starts_before: ["devices"],
	async setup({ db, outbox, ephemeral, clients: { auth, devices }, config, clock, log, outbound, ownAccount }) {
		let notices: WorkLoop | undefined;
		let loop: WorkLoop | undefined;
		const needs = {
			db,
			outbox,
			auth,
			devices,
			clock,
			log,
			ownAccount,
			expiry_minutes: config.approval_expiry_minutes,
			onChange() {
				announceChange(ephemeral, "approvals");
				loop?.wake();
			},
		};
		const scope = createApprovalScope(needs);
		const timekeeper = createTimekeeper({ ...needs, onChange: () => announceChange(ephemeral, "approvals") });

		/** What is asked of one approval: it has to exist for whom it is asked. */
		function ofApproval<C extends CallContext & { params: { id: string } }, Answer>(
			handle: (call: C) => Promise<Answer>,
		) {
			return async (call: C): Promise<Answer> => {
				await scope.require(call.params.id, call);
				return handle(call);
			};
		}

		await ensureBuiltIn(db.orm, clock.now().toISOString());
		return {
			operations: {
				listApprovals: listApprovals({ ...needs, scope }),
				getApprovalStats: getApprovalStats({ ...needs, scope }),
				getApproval: ofApproval(getApproval(needs)),
				listApprovalDevices: ofApproval(listApprovalDevices(needs)),
				listApprovers: ofApproval(listApprovers(needs)),
				approve: ofApproval(approve(needs)),
				reject: ofApproval(reject(needs)),
				delegate: ofApproval(delegate(needs)),
				bypass: bypass(needs),

				listApprovalPolicies: listApprovalPolicies(needs),
				getApprovalPolicy: getApprovalPolicy(needs),
				createApprovalPolicy: createApprovalPolicy(needs),
				updateApprovalPolicy: updateApprovalPolicy(needs),
				deleteApprovalPolicy: deleteApprovalPolicy(needs),
				orderApprovalPolicies: orderApprovalPolicies(needs),
				evaluateApprovalPolicies: evaluateApprovalPolicies(needs),

				requestApproval: requestApproval(needs),
				getApprovalState: getApprovalState(needs),
				startApproved: startApproved(needs),
				lapseApproval: lapseApproval(needs),
			},
			consumers: {
				...followUsers(needs, () => loop?.wake()),
				...followRuns({ ...needs, ephemeral }),
				...followBrokenGlass({ onBroken: () => notices?.wake() }),
			},
			async start() {
				const { break_glass_url: url, break_glass_kind: kind } = config;
				const chat = url === undefined ? undefined : { url, kind };
				loop = timekeeper.start();
				notices = sendNotices({ db, outbound, clock, log, chat });
			},
			async stop() {
				await Promise.all([loop?.stop(), notices?.stop()]);
			},
		};
	},
});
