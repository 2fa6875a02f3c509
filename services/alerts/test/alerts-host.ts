import { alertsApi } from "@netconductor/contracts/alerts/api";
import type { ApprovalRequest } from "@netconductor/contracts/alerts/approvals";
import type { OperationRecord } from "@netconductor/contracts/audit/events";
import { authApi } from "@netconductor/contracts/auth/api";
import type { Holder } from "@netconductor/contracts/auth/model";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { type Actor, covers } from "@netconductor/contracts/kernel/actor";
import { defineApi } from "@netconductor/contracts/kernel/operation";
import type { EventPayload } from "@netconductor/runtime/bus/outbox";
import { createManualClock } from "@netconductor/runtime/clock";
import { type Database, openDatabase } from "@netconductor/runtime/db/database";
import { failed } from "@netconductor/runtime/errors";
import { defineService } from "@netconductor/runtime/host/service";
import { newId } from "@netconductor/runtime/id";
import { admin, peer, startTestHost } from "@netconductor/runtime/testing/service";
import type { z } from "zod";
import { alertsService } from "../src/service.ts";

export type AlertsHost = Awaited<ReturnType<typeof startAlerts>>;

export const hashA = "a".repeat(64);
export const hashB = "b".repeat(64);

/** The alerts service on its own database. Time stands still; `people` are the users that auth answers for. */
export async function startAlerts(env: Record<string, string> = {}, clock = createManualClock()) {
	const people = new Map<string, Holder>();
	const behind = new Map<string, string[]>();
	let authIsAway = false;
	const answer = <T>(value: T): T => {
		if (authIsAway) throw failed("service.unavailable", { message: "auth does not answer" });
		return value;
	};
	const auth = peer(authApi, {
		describeUsers: async ({ body }) =>
			answer({
				users: [...people.values()].filter(
					({ id, username }) => body.user_ids.includes(id) || body.usernames.includes(username),
				),
			}),
		describeServiceAccount: async ({ body }) => answer({ user_ids: behind.get(body.service_account_id) ?? [] }),
		listHolders: async ({ body }) => {
			const users = [...people.values()].filter(
				({ id, role, disabled, permissions, device_groups }) =>
					!disabled &&
					(body.limited || device_groups === null) &&
					permissions.some((held) => covers(held, body.permission)) &&
					(body.among === undefined || body.among.user_ids.includes(id) || body.among.roles.includes(role)),
			);
			return answer({ users: users.slice(0, body.limit), total: users.length });
		},
	});
	/** Devices by the group that they are in. */
	const groups = new Map<string, { name: string; device_ids: Set<string> }>();
	const theirs = ({ device_groups }: Actor) =>
		[...groups].filter(([id]) => device_groups?.includes(id) ?? true).map(([, group]) => group);
	let askedDevices = 0;
	const devices = peer(devicesApi, {
		async listDevicesInScope({ body: { among }, actor }) {
			askedDevices++;
			const there = theirs(actor).flatMap(({ device_ids }) => [...device_ids]);
			return answer({ device_ids: there.filter((id) => among?.includes(id) ?? true) });
		},
		async listGroups({ query: { page, page_size }, actor }) {
			const created_at = "2026-03-01T00:00:00.000Z";
			const items = theirs(actor).map(({ name, device_ids }) => ({
				id: newId(),
				name,
				description: "",
				credential_id: null,
				worker_pool: null,
				devices: device_ids.size,
				created_at,
				updated_at: created_at,
			}));
			return { items, page, page_size, total: items.length };
		},
	});
	const heard = new Map<string, string[]>();
	const hear = (approval_id: string, what: string) =>
		void heard.set(approval_id, [...(heard.get(approval_id) ?? []), what]);
	const recorded: OperationRecord[] = [];
	const listeners: ((decided: EventPayload<"approval.decided.v1">) => void)[] = [];
	let breakGlass: ((broken: EventPayload<"run.glass_broken.v1">) => Promise<void>) | undefined;
	let tellOf: ((user_id: string, change: "updated" | "deleted") => Promise<void>) | undefined;
	const neighbour = defineService({
		name: "neighbour",
		api: defineApi("neighbour", {}),
		setup: ({ db, outbox }) => {
			tellOf = (user_id, change) =>
				db.transaction(
					async (tx) => void (await outbox.publish(tx, "user.changed.v1", { user_id, username: "somebody", change })),
				);
			breakGlass = (broken) =>
				db.transaction(async (tx) => void (await outbox.publish(tx, "run.glass_broken.v1", broken)));
			return {
				operations: {},
				consumers: {
					"approval.requested.v1": async ({ approval_id }) => hear(approval_id, "requested"),
					"audit.operation_recorded.v1": async (record) => void recorded.push(record),
					async "approval.decided.v1"(decided) {
						hear(decided.approval_id, decided.status);
						for (const listen of listeners) listen(decided);
					},
				},
			};
		},
	});
	const host = await startTestHost({ services: [alertsService, neighbour], peers: [auth, devices], clock, env });
	const db: Database = openDatabase({
		url: host.database.url,
		schema: "alerts",
		application_name: "test",
		max: 2,
	});

	function person(name: string, role = "operator", permissions = ["approvals:read", "approvals:decide"]): Actor {
		const id = newId();
		people.set(id, { id, username: name, display_name: name, role, disabled: false, permissions, device_groups: null });
		return { kind: "user", id, name, role, permissions };
	}
	/** Somebody whose role is limited to these groups. */
	function limited(name: string, device_groups: string[], permissions?: string[]): Actor {
		const actor = person(name, `${name}-role`, permissions);
		people.set(actor.id, { ...(people.get(actor.id) as Holder), device_groups });
		return { ...actor, device_groups };
	}
	/** A program behind which these people are. */
	function program(name: string, user_ids: string[], permissions: string[]): Actor {
		const id = newId();
		behind.set(id, user_ids);
		return { kind: "service_account", id, name: `${name}/ci`, role: "operator", permissions, session_id: newId() };
	}
	people.set(admin.id, {
		id: admin.id,
		username: "admin",
		display_name: "",
		role: "admin",
		disabled: false,
		permissions: ["*"],
		device_groups: null,
	});

	const engine = host.client(alertsApi, { kind: "service", id: "service:tasks", name: "tasks", permissions: ["*"] });
	return {
		clock,
		db,
		host,
		people,
		person,
		limited,
		program,
		/** How often anybody asked which devices there are for whom. */
		askedDevices: () => askedDevices,
		/** A new group with these devices alone; answers its id. */
		group(name: string, ...device_ids: string[]): string {
			const id = newId();
			groups.set(id, { name, device_ids: new Set(device_ids) });
			return id;
		},
		/** The devices of a group from now on. */
		regroup: (id: string, ...device_ids: string[]) =>
			void groups.set(id, { name: groups.get(id)?.name ?? "", device_ids: new Set(device_ids) }),
		recorded,
		engine,
		as: (actor: Actor) => host.client(alertsApi, actor),
		admin: host.client(alertsApi, admin),
		letAuthBeAway(away: boolean) {
			authIsAway = away;
		},
		/** Asks for an approval of a plan that needs one. */
		async request(by: Actor, change: Partial<z.input<typeof ApprovalRequest>> = {}) {
			const run_id = newId();
			const answered = await engine.requestApproval({ body: { ...changeBy(by, run_id), ...change } });
			if (!answered.needed) throw new TypeError("the policies want no approval");
			return answered.approval_id;
		},
		/** Is told what others are told of decisions. */
		onDecided: (listen: (typeof listeners)[number]) => void listeners.push(listen),
		/** Tells that somebody broke the glass of what a calendar holds, as tasks does. */
		breakGlass: async (broken: EventPayload<"run.glass_broken.v1">) => breakGlass?.(broken),
		/** What others were told of an approval, in order. */
		heard: (approval_id: string) => heard.get(approval_id) ?? [],
		/** A user is different, and auth tells. */
		async change(actor: Actor, to: Partial<Holder> | "deleted") {
			const before = people.get(actor.id);
			if (to === "deleted" || before === undefined) people.delete(actor.id);
			else people.set(actor.id, { ...before, ...to });
			await tellOf?.(actor.id, to === "deleted" ? "deleted" : "updated");
		},
		async stop() {
			await db.close();
			await host.stop();
		},
	};
}

export function changeBy(by: Actor, run_id = newId()): z.input<typeof ApprovalRequest> {
	return {
		key: `${run_id}:deploy`,
		run_id,
		kind: "deploy",
		title: "Deploy bgp-peering",
		requested_by: by,
		plan_sha256: hashA,
		devices: [{ device_id: newId(), name: "core-1", groups: ["core"] }],
		risk_facts: { writes: true },
	};
}

export async function failureOf(call: Promise<unknown>): Promise<string | undefined> {
	try {
		await call;
	} catch (error) {
		return (error as { code?: string }).code ?? String(error);
	}
	return undefined;
}
