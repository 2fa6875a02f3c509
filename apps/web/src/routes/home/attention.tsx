import { Button } from "@mantine/core";
import type { Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run } from "@netconductor/contracts/tasks/model";
import { type UseQueryResult, useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useApi, useCoversAll, usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { healthLooks, type Look, State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { toastProblem } from "../../ui/toast.tsx";
import { count, withoutDevice } from "../../ui/words.ts";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";

/** Something that does not mend itself. */
interface Matter {
	key: string;
	look: Look;
	what: ReactNode;
	why?: ReactNode;
	action?: ReactNode;
}

/** Everything that waits for a person, worst first, each with what mends it. */
export function Attention() {
	const { matters, asked } = useMatters();
	const failed = asked.find(({ isError, data }) => isError && data === undefined);
	const waiting = asked.some(({ isPending }) => isPending) && failed === undefined;
	return (
		<Panel
			title="Needs a person"
			actions={<span className="nc-small nc-dim">{matters.length > 0 && count(matters.length, "thing")}</span>}
		>
			{failed !== undefined && <ProblemAlert error={failed.error} onRetry={() => void failed.refetch()} />}
			{waiting && matters.length === 0 && <RowsLoading rows={4} />}
			{matters.length > 0 && (
				<ul className={styles.list}>
					{matters.map(({ key, look, what, why, action }) => (
						<li key={key}>
							<div className={styles.what}>
								<div className="nc-head" style={{ justifyContent: "flex-start", gap: "2px 10px" }}>
									<State {...look} />
									<span>{what}</span>
								</div>
								{why !== undefined && <div className={styles.why}>{why}</div>}
							</div>
							{action}
						</li>
					))}
				</ul>
			)}
			{matters.length === 0 && !waiting && failed === undefined && (
				<p className={styles.calm}>
					<span className="nc-good">
						<Icon name="ok" />
					</span>
					Nothing needs you: every device answers, every backup is fresh, no run waits for a decision.
				</p>
			)}
		</Panel>
	);
}

function useMatters(): { matters: Matter[]; asked: UseQueryResult<unknown>[] } {
	const api = useApi();
	const permitted = usePermitted();
	const { test } = useStartRuns();
	const queries = homeQueries(api);
	const seesDevices = permitted("devices:read");
	const seesBackups = permitted("backups:read");
	const seesRuns = permitted("runs:read");
	const undecided = useQuery({ ...queries.undecided, enabled: seesRuns });
	const standing = useQuery({ ...queries.standing, enabled: seesRuns });
	const changedKeys = useQuery({ ...queries.changedKeys, enabled: seesDevices });
	const outOfReach = useQuery({ ...queries.outOfReach, enabled: seesDevices });
	const seesSchedule = useCoversAll() && seesBackups;
	const schedule = useQuery({ ...queries.schedule, enabled: seesSchedule });
	const coverage = useQuery({ ...queries.coverage, enabled: seesBackups });
	const workers = useQuery({ ...queries.workers, enabled: permitted("workers:read") });
	const asked = [
		...(seesRuns ? [undecided, standing] : []),
		...(seesDevices ? [changedKeys, outOfReach] : []),
		...(seesSchedule ? [schedule] : []),
		...(seesBackups ? [coverage] : []),
		...(permitted("workers:read") ? [workers] : []),
	];
	const matters: Matter[] = [];

	if (workers.data?.workers_online === 0) {
		matters.push({
			key: "workers",
			look: { tone: "bad", icon: "unplugged", word: "No worker" },
			what: "Nothing runs until a worker is online",
			why: "Workers are started with the server; its log says why none is there.",
			action: (
				<ButtonLink to="/workers" variant="default">
					See the workers
				</ButtonLink>
			),
		});
	}
	for (const run of undecided.data?.items ?? []) {
		matters.push({
			key: run.id,
			look: { tone: "bad", icon: "question", word: "Undecided" },
			what: (
				<>
					<TextLink to="/runs/$id" params={{ id: run.id }} size="sm" fw={550}>
						{visibleLine(run.title)}
					</TextLink>
					<Since at={run.created_at} />
				</>
			),
			why: `Of ${count(run.counts.unknown, "operation")} nobody knows whether the device was changed`,
			action: (
				<ButtonLink to="/runs/$id" params={{ id: run.id }} variant="default">
					{permitted("runs:decide") ? "Decide" : "Look"}
				</ButtonLink>
			),
		});
	}
	for (const run of standing.data ?? []) matters.push(standingMatter(run));
	for (const { device_id, device_name, presented_at } of changedKeys.data?.items ?? []) {
		matters.push({
			key: `key ${device_id}`,
			look: healthLooks.host_key_changed,
			what: (
				<>
					<DeviceLink id={device_id} name={device_name} />
					<Since at={presented_at} />
				</>
			),
			why: "It presents another key than the accepted one, so nothing is sent to it",
			action: (
				<ButtonLink to="/devices/$id" params={{ id: device_id }} search={{ tab: "host-key" }} variant="default">
					Compare keys
					<span className="nc-visually-hidden"> of {visibleLine(device_name)}</span>
				</ButtonLink>
			),
		});
	}
	if (schedule.data?.enabled && schedule.data.last_error !== null) {
		matters.push({
			key: "schedule",
			look: { tone: "bad", icon: "calendar", word: "Schedule failed" },
			what: (
				<>
					The last backup by schedule did not start
					<Since at={schedule.data.last_run_at} />
				</>
			),
			why: visibleLine(schedule.data.last_error),
			action: (
				<ButtonLink to="/schedule" variant="default">
					Open the schedule
				</ButtonLink>
			),
		});
	}
	for (const device of outOfReach.data?.items ?? []) matters.push(outOfReachMatter(device));
	const moreDevices = (outOfReach.data?.total ?? 0) - (outOfReach.data?.items.length ?? 0);
	if (moreDevices > 0) {
		matters.push({
			key: "more devices",
			look: { tone: "bad", icon: "unplugged", word: `${moreDevices} more` },
			what: (
				<TextLink to="/devices" search={{ health: "unreachable,auth_failed,failing" }} size="sm">
					All devices that cannot be worked with
				</TextLink>
			),
		});
	}
	const { stale = 0, never = 0 } = coverage.data?.counts ?? {};
	if (stale + never > 0) {
		matters.push({
			key: "stale",
			look: { tone: "warn", icon: "clock", word: "Stale backups" },
			what: (
				<TextLink to="/backups/coverage" search={{ status: "stale,never" }} size="sm">
					{count(stale + never, "device")} without a backup of the last 48 hours
				</TextLink>
			),
			action: permitted("backups:run") && <BackUpUncovered amount={stale + never} />,
		});
	}
	return { matters, asked };

	function standingMatter(run: Run): Matter {
		const { id, title, waiting_for } = run;
		const approval_id = waiting_for?.kind === "approval" ? waiting_for.approval_id : null;
		return {
			key: id,
			look: standingLook(waiting_for),
			what: (
				<>
					<TextLink to="/runs/$id" params={{ id }} size="sm" fw={550}>
						{visibleLine(title)}
					</TextLink>
					<Since at={waiting_for?.since ?? null} />
				</>
			),
			why: whyItStands(run),
			action:
				approval_id !== null && permitted("approvals:read") ? (
					<ButtonLink to="/approvals/$id" params={{ id: approval_id }} variant="default">
						See the approval
						<span className="nc-visually-hidden"> of {visibleLine(title)}</span>
					</ButtonLink>
				) : (
					<ButtonLink to="/runs/$id" params={{ id }} variant="default">
						{waiting_for?.kind === "decision" && permitted("mops:override") ? "Decide" : "See the run"}
						<span className="nc-visually-hidden">: {visibleLine(title)}</span>
					</ButtonLink>
				),
		};
	}

	function outOfReachMatter({ id, name, health, health_at, health_error }: Device): Matter {
		return {
			key: id,
			look: healthLooks[health],
			what: (
				<>
					<DeviceLink id={id} name={name} />
					<Since at={health_at} />
				</>
			),
			...(health_error !== null && { why: visibleLine(withoutDevice(health_error, name)) }),
			action: permitted("devices:test") && (
				<Button variant="default" onClick={() => test.mutate({ names: [name] })}>
					Test again
					<span className="nc-visually-hidden">: {visibleLine(name)}</span>
				</Button>
			),
		};
	}
}

function standingLook(waiting_for: Run["waiting_for"]): Look {
	switch (waiting_for?.kind) {
		case "approval":
			return { tone: "warn", icon: "shield", word: "To approve" };
		case "decision":
			return { tone: "bad", icon: "question", word: "To decide" };
		case "next_step":
			return { tone: "warn", icon: "clock", word: "Step by step" };
		default:
			return { tone: "warn", icon: "clock", word: "Paused" };
	}
}

function whyItStands({ kind, waiting_for }: Run): string {
	switch (waiting_for?.kind) {
		case "approval":
			return kind === "mop"
				? "It goes on when somebody else approves it"
				: "Everything is planned; nothing is changed until somebody else approves it";
		case "decision":
			return visibleLine(waiting_for.message);
		case "next_step":
			return "It carries out its next step when somebody lets it";
		case "resume":
			if (waiting_for.paused_by !== null) {
				return `${visibleLine(waiting_for.paused_by)} paused it; it goes on when somebody lets it`;
			}
			return "The first batch is done; it goes on when somebody lets it";
		default:
			return "It goes on when somebody lets it";
	}
}

function Since({ at }: { at: string | null }) {
	if (at === null) return null;
	return (
		<span className="nc-small nc-dim">
			{" "}
			· <Ago at={at} />
		</span>
	);
}

function DeviceLink({ id, name }: { id: string; name: string }) {
	return (
		<TextLink to="/devices/$id" params={{ id }} size="sm" fw={550}>
			{visibleLine(name)}
		</TextLink>
	);
}

// As many as one request may name; what is left after that is still listed.
const mostAtOnce = 500;

/** Backs up the devices that lack a fresh backup: those that the server names now, not those that were shown. */
function BackUpUncovered({ amount }: { amount: number }) {
	const api = useApi();
	const { backUp } = useStartRuns();
	const find = useMutation({
		mutationFn: () => api.backup.getCoverage({ query: { status: "stale,never", page_size: mostAtOnce } }),
		onSuccess: ({ items }) => {
			if (items.length > 0) backUp.mutate({ device_ids: items.map(({ device_id }) => device_id) });
		},
		onError: toastProblem,
	});
	return (
		<Button variant="default" loading={find.isPending || backUp.isPending} onClick={() => find.mutate()}>
			{amount === 1 ? "Back it up" : `Back up ${amount <= mostAtOnce ? "them" : mostAtOnce}`}
		</Button>
	);
}
