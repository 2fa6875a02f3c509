import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { untilLoaded } from "../../api/load-code.ts";
import { DiffSize } from "../../ui/diff-size.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink, TextLink } from "../../ui/link.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RunProgress } from "../../ui/run-progress.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { RunState } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";
import { type Facts, stepsOf } from "./guide-steps.ts";
import styles from "./home.module.css";
import { homeQueries } from "./queries.ts";
import { SimulatedNetworkBar, Typed, useSimulatedNetwork } from "./simulated-network.tsx";

const DeviceForm = lazy(
	untilLoaded(() => import("../devices/device-form.tsx").then(({ DeviceForm: component }) => ({ default: component }))),
);

/** From nothing to the difference of a changed device: each step says what to do, and ticks itself by what is there. */
export function Guide({
	devices,
	onBegin,
	onClose,
}: {
	devices: number;
	onBegin: (anew: boolean) => void;
	onClose: () => void;
}) {
	const api = useApi();
	const permitted = usePermitted();
	const queries = homeQueries(api);
	const coverage = useQuery(queries.coverage);
	const since = useQuery({ ...queries.oldestDevice, enabled: devices > 0 }).data?.items[0]?.created_at;
	const changes = useQuery({ ...queries.changesSince(since ?? ""), enabled: since !== undefined });
	const lastRuns = useQuery({ ...queries.backupRuns, enabled: permitted("runs:read") });
	const simulated = useSimulatedNetwork();
	const mayWrite = permitted("devices:write");
	const mayRun = permitted("backups:run");
	useEffect(() => {
		if (mayWrite || mayRun) onBegin(devices === 0);
	}, [mayWrite, mayRun, onBegin, devices]);

	const [lastRun] = lastRuns.data?.items ?? [];
	const facts: Facts = {
		devices,
		backed_up: coverage.data === undefined ? 0 : coverage.data.counts.good + coverage.data.counts.stale,
		backing_up: lastRun !== undefined && lastRun.finished_at === null,
		simulated: simulated.network.data?.state === "running",
		simulated_changes: simulated.network.data?.changes ?? 0,
		changed_backups: changes.data?.total ?? 0,
	};
	const steps = stepsOf(facts);
	const now = steps.findIndex(({ done }) => !done);
	const place = useFocusOnStep(now);

	if (!mayWrite && !mayRun && devices === 0) {
		return (
			<Panel title="No devices yet">
				<p className="nc-panel-body nc-dim">Somebody whose role may add devices has to do that first.</p>
			</Panel>
		);
	}
	const bodies: Record<(typeof steps)[number]["id"], ReactNode> = {
		devices: <WaysToBegin simulated={simulated} />,
		first_backup: <BackUp facts={facts} run={lastRun} mayRun={mayRun} />,
		change:
			facts.simulated && permitted("system:write") ? (
				<>
					<span>Somebody types a change on three of the simulated devices, past NetConductor.</span>
					<Button loading={simulated.change.isPending} onClick={() => simulated.change.mutate()}>
						Change three devices
					</Button>
					{simulated.change.isError && <ProblemAlert error={simulated.change.error} />}
				</>
			) : (
				<span>
					On one of your devices, as you always do: the description of an interface is enough. The next backup will find
					it.
				</span>
			),
		second_backup: <BackUp facts={facts} run={lastRun} mayRun={mayRun} again />,
		difference: (
			<ul className={styles.found}>
				{changes.data?.items.map(({ id, device_name, lines_added, lines_removed, created_at }, index) => (
					<li key={id} className={styles.difference}>
						<ButtonLink
							to="/backups/compare"
							search={{ to: id }}
							variant={index === 0 ? "filled" : "default"}
							onClick={onClose}
						>
							See what changed on {visibleLine(device_name)}
						</ButtonLink>
						<DiffSize added={lines_added} removed={lines_removed} />
						<span className="nc-small nc-dim">
							<Ago at={created_at} />
						</span>
					</li>
				))}
			</ul>
		),
	};

	return (
		<Panel
			title={devices === 0 ? "From here to the first difference" : "First steps"}
			actions={
				devices > 0 && (
					<Button variant="subtle" color="gray" onClick={onClose}>
						Hide the first steps
					</Button>
				)
			}
		>
			{devices === 0 && (
				<p className="nc-panel-body">
					NetConductor reads the configurations of network devices, keeps every version and shows what changed. Five
					steps show how.
				</p>
			)}
			<div className="nc-visually-hidden" aria-live="polite">
				{now >= 0 && `Step ${now + 1} of ${steps.length}: ${steps[now]?.title}`}
			</div>
			<ol className={styles.steps} ref={place}>
				{steps.map(({ id, title, done, open, told }, index) => {
					const state = done ? "done" : open ? "now" : "later";
					return (
						<li
							key={id}
							className={styles.step}
							data-state={state}
							aria-current={index === now ? "step" : undefined}
							tabIndex={-1}
						>
							<span className={`${styles.mark} ${done ? "nc-good" : ""}`} aria-hidden="true">
								{done ? <Icon name="ok" size={13} /> : index + 1}
							</span>
							<div>
								<h3>
									{title}
									{done && <span className="nc-visually-hidden"> (done)</span>}
									{done && told !== undefined && <span className={styles.told}> {told}</span>}
								</h3>
								{(state === "now" || (id === "difference" && done)) && <div className={styles.body}>{bodies[id]}</div>}
								{id === "change" && simulated.change.data !== undefined && (
									<div className={styles.body}>
										<Typed change={simulated.change.data} />
									</div>
								)}
							</div>
						</li>
					);
				})}
			</ol>
			{simulated.network.data !== undefined && simulated.network.data.state !== "absent" && (
				<SimulatedNetworkBar changing={facts.simulated_changes > 0} />
			)}
		</Panel>
	);
}

/** The button that was pressed is gone when its step is done: who has no mouse goes on at the next step, not at the top of the page. */
function useFocusOnStep(now: number) {
	const place = useRef<HTMLOListElement>(null);
	const before = useRef(now);
	useEffect(() => {
		if (before.current === now) return;
		before.current = now;
		const { activeElement } = document;
		if (activeElement === null || activeElement === document.body) {
			place.current?.querySelector<HTMLElement>("[aria-current=step]")?.focus();
		}
	}, [now]);
	return place;
}

function WaysToBegin({ simulated: { network, start } }: { simulated: ReturnType<typeof useSimulatedNetwork> }) {
	const permitted = usePermitted();
	const [adding, add] = useDisclosure();
	const mayWrite = permitted("devices:write");
	if (!mayWrite) return <span>Somebody whose role may add devices has to do that first.</span>;
	const simulator = permitted("system:write") && network.data?.available === true;
	const starting = start.isPending || network.data?.state === "starting";
	return (
		<>
			<div className={styles.ways}>
				<section className={styles.way} aria-label="Add a device">
					<h4 className="nc-state">
						<Icon name="device" /> Add a device
					</h4>
					<p>An address and a login by SSH. The connection is tested at once.</p>
					<Button onClick={add.open}>Add a device</Button>
				</section>
				<section className={styles.way} aria-label="Import a CSV file">
					<h4 className="nc-state">
						<Icon name="upload" /> Import a CSV file
					</h4>
					<p>Many at once, from a spreadsheet or another inventory. What would happen is shown first.</p>
					<ButtonLink to="/devices/import" variant="default">
						Import a file
					</ButtonLink>
				</section>
				{simulator && (
					<section className={styles.way} aria-label="Start the simulated network">
						<h4 className="nc-state">
							<Icon name="pulse" /> No device at hand?
						</h4>
						<p>
							Twelve simulated routers and switches on this machine that answer like the real ones. They go again with
							one click.
						</p>
						<Button variant="default" loading={starting} onClick={() => start.mutate()}>
							Start the simulated network
						</Button>
					</section>
				)}
			</div>
			{start.isError && <ProblemAlert error={start.error} onRetry={() => start.mutate()} />}
			{adding && (
				<Suspense>
					<DeviceForm opened onClose={add.close} />
				</Suspense>
			)}
		</>
	);
}

/** Backs up everything, shows it running, and says why where it failed. */
function BackUp({
	facts,
	run,
	mayRun,
	again = false,
}: {
	facts: Facts;
	run: LastRun | undefined;
	mayRun: boolean;
	again?: boolean;
}) {
	const { backUp } = useStartRuns();
	const under_way = run !== undefined && run.finished_at === null;
	return (
		<>
			<span>
				{again
					? "What differs from the first backup is found line by line."
					: `Reads the configuration of ${facts.devices === 1 ? "the device" : `all ${count(facts.devices, "device")}`} and keeps it. Nothing is changed on ${facts.devices === 1 ? "it" : "them"}.`}
			</span>
			{under_way ? (
				<div className={styles.underWay}>
					<TextLink to="/runs/$id" params={{ id: run.id }} size="sm">
						{visibleLine(run.title)}
					</TextLink>
					<RunState status={run.status} />
					<RunProgress run={run} />
				</div>
			) : (
				<>
					{run !== undefined && run.status !== "succeeded" && (
						<span className="nc-warn">
							The last backup: <RunState status={run.status} />.{" "}
							<TextLink to="/runs/$id" params={{ id: run.id }} size="sm">
								See why
							</TextLink>
						</span>
					)}
					{mayRun ? (
						<Button loading={backUp.isPending} onClick={() => backUp.mutate({ all: true })}>
							{again ? "Back up again" : facts.devices === 1 ? "Back it up" : "Back up all devices"}
						</Button>
					) : (
						<span className="nc-dim">Somebody whose role may start backups has to do that.</span>
					)}
				</>
			)}
		</>
	);
}

type LastRun = NonNullable<Parameters<typeof RunProgress>[0]["run"]>;
