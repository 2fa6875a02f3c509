import { Button } from "@mantine/core";
import type { Mop, MopDryRun } from "@netconductor/contracts/config/mops";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import type { useMutation } from "@tanstack/react-query";
import { useMutation as useMutate } from "@tanstack/react-query";
import { useState } from "react";
import { stringify } from "yaml";
import { useApi } from "../../../api/context.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { Panel } from "../../../ui/page.tsx";
import { ProblemAlert } from "../../../ui/problem.tsx";
import { State } from "../../../ui/state.tsx";
import { count } from "../../../ui/words.ts";
import styles from "./start.module.css";
import { errorsByVariable, missingErrors, StartFields } from "./start-fields.tsx";
import { firstValues, type StartValues, startBody } from "./values.ts";

type Step = MopDryRun["steps"][number];

/** Asks the server what a start with these values would do. No device is asked. */
export function useDryRun(mop: Mop): ReturnType<typeof useMutation<MopDryRun, Error, StartValues>> {
	const api = useApi();
	return useMutate({
		mutationFn: (values: StartValues) => api.config.dryRunMop({ params: { id: mop.id }, body: startBody(mop, values) }),
	});
}

/** The page's part that tries a procedure: values and devices on one side, what each step would do on the other. */
export function DryRunTab({ mop, unsaved }: { mop: Mop; unsaved: boolean }) {
	const [values, setValues] = useState(() => firstValues(mop));
	const [missing, setMissing] = useState<Record<string, string>>({});
	const run = useDryRun(mop);
	const errors = { ...errorsByVariable(run.error), ...missing };
	const known = Object.keys(errors).some((name) => mop.document.variables?.[name] !== undefined);
	return (
		<div className="nc-columns">
			<div>
				<Panel title="With these values">
					<form
						className="nc-panel-body"
						aria-label="Dry run"
						onSubmit={(event) => {
							event.preventDefault();
							const lacking = missingErrors(mop, values);
							setMissing(lacking);
							if (Object.keys(lacking).length === 0) run.mutate(values);
						}}
					>
						<StartFields mop={mop} values={values} onValues={setValues} errors={errors} />
						<Button type="submit" mt="md" loading={run.isPending} leftSection={<Icon name="run" size={14} />}>
							Show what it would do
						</Button>
					</form>
				</Panel>
			</div>
			<div>
				{unsaved && (
					<Notice tone="warn" icon="edit" title="What you changed on this page is not saved">
						<span>The saved procedure is tried, version {mop.version}.</span>
					</Notice>
				)}
				{run.error !== null && !known && <ProblemAlert error={run.error} />}
				{run.data === undefined ? (
					<Panel title="What it would do">
						<p className="nc-panel-body nc-dim">
							Every step with its values and the commands that it would send, for each device. No device is asked and
							nothing is changed.
						</p>
					</Panel>
				) : (
					<DryRunResult result={run.data} />
				)}
			</div>
		</div>
	);
}

const mostDevices = 12;

/** What each step would do. */
export function DryRunResult({ result: { devices, skipped, steps, warnings } }: { result: MopDryRun }) {
	const main = steps.filter(({ phase }) => phase === "main");
	const rollback = steps.filter(({ phase }) => phase === "rollback");
	return (
		<>
			<Panel title={devices.length === 0 ? "For no device" : `For ${count(devices.length, "device")}`}>
				<div className="nc-panel-body nc-small">
					{devices.length > 0 && <DeviceNames names={devices.map(({ name }) => name)} />}
					{skipped.map(({ device_id, name, reason }) => (
						<div key={device_id}>
							<State tone="calm" icon="minus" word="Left out" /> {visibleLine(name)}: {visibleLine(reason)}
						</div>
					))}
					{warnings.map(({ message, path }) => (
						<div key={`${path} ${message}`}>
							<State tone="warn" icon="warning" word="Warning" /> {visibleLine(message)}
						</div>
					))}
				</div>
			</Panel>
			<Steps title="Steps" steps={main} />
			{rollback.length > 0 && <Steps title="After what was changed was taken back" steps={rollback} />}
		</>
	);
}

function Steps({ title, steps }: { title: string; steps: readonly Step[] }) {
	return (
		<Panel title={title}>
			<ol className={styles.steps}>
				{steps.map((step) => (
					<li
						key={step.path}
						style={{ marginLeft: `${Math.min(step.depth, 8) * 18}px` }}
						data-inner={step.depth > 0 || undefined}
					>
						<div className={styles.stepHead}>
							<strong className="nc-break">{visibleLine(step.name ?? step.path)}</strong>
							<span className="nc-mono nc-dim">{step.type}</span>
							{step.writes && <State tone="warn" icon="edit" word="Changes" />}
							{step.devices !== null && <span className="nc-dim">{count(step.devices.length, "device")}</span>}
						</div>
						{step.when !== null && (
							<div className="nc-small nc-dim">
								only when <span className="nc-mono">{visibleLine(step.when)}</span>
							</div>
						)}
						{step.depends_on.length > 0 && (
							<div className="nc-small nc-dim">
								depends on what comes first: <span className="nc-mono">{visibleLine(step.depends_on.join(", "))}</span>
							</div>
						)}
						{step.resolved.map((group) => (
							<Group key={group.devices.join(" ") || "all"} group={group} />
						))}
					</li>
				))}
			</ol>
		</Panel>
	);
}

function Group({ group: { devices, with: given, commands, error } }: { group: Step["resolved"][number] }) {
	const names = Object.keys(given);
	return (
		<div className={styles.group}>
			{devices.length > 0 && (
				<div className="nc-small nc-dim">
					<DeviceNames names={devices} />
				</div>
			)}
			{error !== null && (
				<div className="nc-break">
					<State tone="bad" icon="cross" word="No values" /> {visibleLine(error)}
				</div>
			)}
			{commands.length > 0 ? (
				<pre className={styles.code}>{visibleText(commands.join("\n"))}</pre>
			) : (
				names.length > 0 && (
					<pre className={styles.code}>{visibleText(stringify(given, { lineWidth: 0 }).trimEnd())}</pre>
				)
			)}
		</div>
	);
}

function DeviceNames({ names }: { names: readonly string[] }) {
	const more = names.length - mostDevices;
	return (
		<span className="nc-break">
			{names.slice(0, mostDevices).map(visibleLine).join(", ")}
			{more > 0 && ` and ${count(more, "more device")}`}
		</span>
	);
}
