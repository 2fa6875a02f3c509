import type { Stack } from "@netconductor/contracts/config/stacks";
import { visibleLine, visibleText } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { DeviceName } from "../../ui/pick/device-name.tsx";
import { kindWords } from "../../ui/run-words.ts";
import { Ago, Moment } from "../../ui/time.tsx";
import { count, selected } from "../../ui/words.ts";
import { stackLooks } from "../stacks/looks.tsx";
import { inOrder } from "./order.ts";
import { rolloutWords } from "./rollout-words.ts";
import styles from "./stack.module.css";
import { StackRunState } from "./stack-run-state.tsx";
import { checkWords } from "./state-checks.ts";
import { MadeFrom } from "./upgrade.tsx";
import { rowsOfValues } from "./variable-rows.ts";

const lastRuns = 5;
const mostDevices = 20;

/** What a stack is made of, and what became of it lately. */
export function Overview({ stack }: { stack: Stack }) {
	return (
		<div className="nc-columns">
			<div>
				<Facts stack={stack} />
				{usePermitted()("runs:read") && <LastRuns stack={stack} />}
			</div>
			<div>
				<Services services={stack.services} />
				<Variables stack={stack} />
				<Checks title="Checks before the change" checks={stack.pre_checks} state_checks={stack.pre_state_checks} />
				<Checks title="Checks after the change" checks={stack.checks} state_checks={stack.state_checks} />
			</div>
		</div>
	);
}

function Facts({ stack }: { stack: Stack }) {
	const { state, description, version, deployed_version, deployed_at, rollout, confirm_within_s, pending_changes } =
		stack;
	return (
		<Panel title="Stack">
			<dl className="nc-facts nc-panel-body">
				{description !== "" && (
					<>
						<dt>Description</dt>
						<dd style={{ whiteSpace: "pre-wrap" }}>{visibleText(description)}</dd>
					</>
				)}
				<dt>State</dt>
				<dd>{stackLooks[state].means}</dd>
				<dt>Definition</dt>
				<dd>
					Version {version}, changed <Ago at={stack.updated_at} /> by {visibleLine(stack.updated_by)}
				</dd>
				<MadeFrom stack={stack} />
				<dt>Deployed</dt>
				<dd>
					{deployed_at === null ? (
						"Never, or removed since"
					) : (
						<>
							Version {deployed_version}, <Moment at={deployed_at} />
						</>
					)}
					{pending_changes && (
						<div className="nc-warn">The definition or one of its templates was changed since: deploy it again.</div>
					)}
				</dd>
				<dt>Rollout</dt>
				<dd>{rolloutWords(rollout)}</dd>
				<dt>Safety</dt>
				<dd>A device that is not confirmed within {confirm_within_s} s takes the change back</dd>
			</dl>
		</Panel>
	);
}

/** The services of a definition. */
export function Services({ services }: Pick<Stack, "services">) {
	const ordered = inOrder(services);
	return (
		<Panel title="Services, in their order">
			{ordered.length === 0 ? (
				<p className="nc-panel-body nc-dim">It has no services yet: edit it and add one.</p>
			) : (
				<div className="nc-scroll">
					<table className="nc-table" aria-label="Services">
						<thead>
							<tr>
								<th scope="col">Service</th>
								<th scope="col">Template</th>
								<th scope="col">Devices</th>
								<th scope="col" className="nc-medium">
									After
								</th>
							</tr>
						</thead>
						<tbody>
							{ordered.map(({ name, template_id, targets, depends_on, variables }) => (
								<tr key={name}>
									<td>
										<strong>{visibleLine(name)}</strong>
										{Object.keys(variables).length > 0 && (
											<div className="nc-small nc-dim">
												{count(Object.keys(variables).length, "variable")} of its own
											</div>
										)}
									</td>
									<td className="nc-break">
										<TemplateLink id={template_id} />
									</td>
									<td className="nc-break">{visibleLine(selected(targets))}</td>
									<td className="nc-medium nc-dim">{visibleLine(depends_on.join(", "))}</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Panel>
	);
}

function TemplateLink({ id }: { id: string }) {
	const api = useApi();
	const mayRead = usePermitted()("templates:read");
	const { data } = useQuery({
		queryKey: ["templates", "one", id],
		queryFn: ({ signal }) => api.config.getTemplate({ params: { id } }, { signal }),
		enabled: mayRead,
	});
	if (!mayRead) return <span className="nc-mono">{id.slice(0, 8)}…</span>;
	return (
		<TextLink to="/templates/$id" params={{ id }} size="sm">
			{visibleLine(data?.name ?? `${id.slice(0, 8)}…`)}
		</TextLink>
	);
}

/** The values of a definition, for all, per service and per device. */
export function Variables({
	stack: { variables, services, device_variables },
}: {
	stack: Pick<Stack, "variables" | "services" | "device_variables">;
}) {
	const ofDevices = Object.entries(device_variables);
	const parts = [
		{ key: "all", title: "For all services", values: variables },
		...inOrder(services).map((service) => ({
			key: `service ${service.name}`,
			title: `For ${visibleLine(service.name)}`,
			values: service.variables,
		})),
	].filter(({ values }) => Object.keys(values).length > 0);
	if (parts.length === 0 && ofDevices.length === 0) return null;
	return (
		<Panel title="Variables">
			{parts.map(({ key, title, values }) => (
				<div key={key} className="nc-panel-body">
					<div className="nc-small nc-dim">{title}</div>
					<Values values={values} />
				</div>
			))}
			{ofDevices.slice(0, mostDevices).map(([device_id, values]) => (
				<div key={device_id} className="nc-panel-body">
					<div className="nc-small nc-dim">
						On <DeviceName id={device_id} />
					</div>
					<Values values={values} />
				</div>
			))}
			{ofDevices.length > mostDevices && (
				<p className="nc-panel-body nc-dim">and for {count(ofDevices.length - mostDevices, "more device")}</p>
			)}
		</Panel>
	);
}

function Values({ values }: { values: Readonly<Record<string, unknown>> }) {
	return (
		<dl className="nc-facts">
			{rowsOfValues(values).map(({ name, text }) => (
				<Value key={name} name={name} text={text} />
			))}
		</dl>
	);
}

function Value({ name, text }: { name: string; text: string }) {
	return (
		<>
			<dt className="nc-mono nc-break">{visibleLine(name)}</dt>
			<dd className="nc-mono">{visibleLine(text)}</dd>
		</>
	);
}

/** Checks of a definition; nothing where there are none. */
export function Checks({ title, checks, state_checks }: { title: string } & Pick<Stack, "checks" | "state_checks">) {
	if (checks.length + state_checks.length === 0) return null;
	return (
		<Panel title={title}>
			<ul className={`nc-panel-body ${styles.checks}`}>
				{state_checks.map((check) => (
					<li key={JSON.stringify(check)} className="nc-break">
						{visibleLine(checkWords(check))}
					</li>
				))}
				{checks.map(({ name, command, expect, negate, within_s }) => (
					<li key={name}>
						<strong>{visibleLine(name)}</strong>
						<div className="nc-small nc-break">
							<span className="nc-mono">{visibleLine(command)}</span> {negate ? "must not match" : "must match"}{" "}
							<span className="nc-mono">{visibleLine(expect)}</span>
							{within_s === 0 ? " at once" : ` within ${within_s} s`}
						</div>
					</li>
				))}
			</ul>
		</Panel>
	);
}

function LastRuns({ stack }: { stack: Stack }) {
	const api = useApi();
	const query = useQuery({
		queryKey: ["stacks", "runs", stack.id, "last"],
		queryFn: ({ signal }) =>
			api.config.listStackRuns({ params: { id: stack.id }, query: { limit: lastRuns } }, { signal }),
		meta: { shows: ["runs"] },
	});
	return (
		<Panel
			title="Last runs"
			actions={
				<TextLink to="/stacks/$id" params={{ id: stack.id }} search={{ tab: "runs" }} size="sm">
					All
				</TextLink>
			}
		>
			<Loaded query={query} rows={3}>
				{({ items }) =>
					items.length === 0 ? (
						<p className="nc-panel-body nc-dim">None yet. A plan changes nothing: begin with one.</p>
					) : (
						<ul className={`nc-panel-body ${styles.checks}`}>
							{items.map((run) => (
								<li key={run.run_id}>
									<div className={styles.bar}>
										<TextLink to="/runs/$id" params={{ id: run.run_id }} size="sm">
											{kindWords[run.kind]}
										</TextLink>
										<span className="nc-small">
											<StackRunState run={run} />
										</span>
									</div>
									<div className="nc-small nc-dim">
										<Ago at={run.started_at} /> by {visibleLine(run.started_by)}
									</div>
								</li>
							))}
						</ul>
					)
				}
			</Loaded>
		</Panel>
	);
}
