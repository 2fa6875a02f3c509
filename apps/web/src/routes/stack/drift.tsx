import { Button } from "@mantine/core";
import type { DeviceDrift, Stack } from "@netconductor/contracts/config/stacks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { State } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { AlikeDevices, DriftDevice, driftLooks } from "./drift-panels.tsx";
import styles from "./stack.module.css";
import { StartForm } from "./start-form.tsx";

const shownAtFirst = 50;

/** What stands differently on devices than the stack says, by their newest backups. */
export function Drift({
	stack,
	unsaved,
}: {
	stack: Stack;
	/** The page holds changes that are not part of it yet. */
	unsaved: boolean;
}) {
	const api = useApi();
	// It reads every configuration of the stack: when a person asks, not with each backup that is made.
	const query = useQuery({
		queryKey: ["stacks", "drift", stack.id],
		queryFn: async ({ signal }) => ({
			...(await api.config.validateStack({ params: { id: stack.id }, body: {} }, { signal })),
			compared_at: new Date().toISOString(),
		}),
		staleTime: Number.POSITIVE_INFINITY,
		retry: false,
	});
	const [most, setMost] = useState(shownAtFirst);
	return (
		<section className={styles.devices} aria-label="Drift" aria-busy={query.isFetching}>
			<Loaded query={query}>
				{({ counts, devices, compared_at }) => {
					const total = counts.in_sync + counts.drifted + counts.unknown;
					const differing = devices.filter(({ state }) => state !== "in_sync");
					const alike = devices.filter(({ state }) => state === "in_sync");
					return (
						<>
							<div className="nc-panel nc-panel-body">
								<div className={styles.bar} style={{ justifyContent: "space-between" }}>
									<div className={styles.bar}>
										{(["drifted", "unknown", "in_sync"] as const).map((state) => (
											<span key={state} className="nc-state" style={{ gap: 6 }}>
												<State {...driftLooks[state]} /> <strong>{counts[state]}</strong>
											</span>
										))}
									</div>
									<div className={styles.bar}>
										<span className="nc-small nc-dim">
											Compared with the newest backups, <Ago at={compared_at} />
										</span>
										<Button variant="default" loading={query.isFetching} onClick={() => void query.refetch()}>
											Compare again
										</Button>
										<AskDevices stack={stack} unsaved={unsaved} />
										<BackUp devices={devices} onDone={() => void query.refetch()} />
									</div>
								</div>
								{total > devices.length && (
									<p className="nc-small nc-dim" style={{ margin: "8px 0 0" }}>
										The first {devices.length} of {count(total, "device")} are shown; the counts are of all.
									</p>
								)}
								{stack.state === "pending" && total > 0 && (
									<p className="nc-small nc-dim" style={{ margin: "8px 0 0" }}>
										It is not deployed: what is missing is what a deployment would bring.
									</p>
								)}
								{total === 0 && (
									<p className="nc-dim" style={{ margin: "8px 0 0" }}>
										None of its services stands on a device.
									</p>
								)}
							</div>
							{differing.slice(0, most).map((device) => (
								<DriftDevice key={device.device_id} device={device} />
							))}
							{differing.length > most && (
								<div>
									<Button variant="default" onClick={() => setMost(most + shownAtFirst)}>
										Show {count(Math.min(shownAtFirst, differing.length - most), "more device")}
									</Button>
								</div>
							)}
							{alike.length > 0 && <AlikeDevices devices={alike} />}
						</>
					);
				}}
			</Loaded>
		</section>
	);
}

/** Has the devices themselves compared, as a run. */
function AskDevices({ stack, unsaved }: { stack: Stack; unsaved: boolean }) {
	const permitted = usePermitted();
	const form = useDrawer();
	if (stack.services.length === 0 || !permitted("stacks:deploy")) return null;
	return (
		<>
			<Button variant="default" leftSection={<Icon name="run" size={14} />} onClick={form.open}>
				Ask the devices
			</Button>
			<StartForm
				key={form.key}
				stack={stack}
				action="validate"
				unsaved={unsaved}
				opened={form.opened}
				onClose={form.close}
			/>
		</>
	);
}

/** Backs the devices up, and compares again when that has ended. */
function BackUp({ devices, onDone }: { devices: readonly DeviceDrift[]; onDone: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const { backUp } = useStartRuns();
	const [run_id, setRun] = useState<string>();
	const start = useMutation({
		mutationFn: () => backUp.mutateAsync({ device_ids: devices.map(({ device_id }) => device_id) }),
		onSuccess: ({ run_id: started }) => setRun(started),
	});
	const run = useQuery({
		queryKey: ["run", run_id],
		queryFn: ({ signal }) => api.tasks.getRun({ params: { id: run_id ?? "" } }, { signal }),
		enabled: run_id !== undefined && permitted("runs:read"),
	});
	const ended = run.data !== undefined && run.data.finished_at !== null;
	// biome-ignore lint/correctness/useExhaustiveDependencies: once when it has ended
	useEffect(() => {
		if (!ended) return;
		setRun(undefined);
		void queries.invalidateQueries({ queryKey: ["backups"] });
		onDone();
	}, [ended]);
	if (devices.length === 0 || !permitted("backups:run")) return null;
	return (
		<Button
			variant="default"
			leftSection={<Icon name="download" size={14} />}
			loading={start.isPending || run_id !== undefined}
			onClick={() => start.mutate()}
		>
			Back {devices.length === 1 ? "it" : "them"} up now
		</Button>
	);
}
