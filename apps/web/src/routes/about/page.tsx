import { Button } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { About, ServiceHealth, SystemCheck, SystemHealth } from "@netconductor/contracts/system/model";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { bytes } from "../../ui/words.ts";
import { SimulatedNetworkBar } from "../home/simulated-network.tsx";
import { reportText } from "./report-text.ts";

export const route = createLazyRoute("/signed-in/framed/about")({ component: AboutPage });

const looks: Record<SystemHealth["state"], Look> = {
	ok: { tone: "good", icon: "ok", word: "Healthy" },
	degraded: { tone: "warn", icon: "warning", word: "Degraded" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	unknown: { tone: "calm", icon: "question", word: "Unknown" },
};

/** What runs here and how well, and whom to ask. */
function AboutPage() {
	const { system } = useApi();
	const about = useQuery({
		queryKey: ["system", "about"],
		queryFn: ({ signal }) => system.getAbout({}, { signal }),
		meta: { shows: ["devices", "backups", "snapshots", "users", "workers"] },
	});
	const health = useQuery({
		queryKey: ["system", "health"],
		queryFn: ({ signal }) => system.getHealth({}, { signal }),
	});
	return (
		<Page
			title="About and health"
			beside={health.data !== undefined && <State {...looks[health.data.state]} />}
			actions={
				<>
					<Button variant="default" loading={health.isFetching} onClick={() => void health.refetch()}>
						Check again
					</Button>
					{about.data !== undefined && (
						<CopyButton label="Copy for a report" text={() => reportText(about.data, health.data)} />
					)}
				</>
			}
		>
			<div className="nc-columns">
				<div>
					<Panel title="This installation">
						<Loaded query={about} rows={8}>
							{(facts) => <Installation about={facts} />}
						</Loaded>
					</Panel>
					<Panel title="What it holds">
						<Loaded query={about} rows={6}>
							{({ counts }) => (
								<dl className="nc-facts nc-panel-body">
									{holdings.map(({ key, label }) => (
										<div key={key} style={{ display: "contents" }}>
											<dt>{label}</dt>
											<dd>
												{counts[key] === null ? (
													<span className="nc-dim">not known now</span>
												) : (
													number.format(counts[key])
												)}
											</dd>
										</div>
									))}
								</dl>
							)}
						</Loaded>
					</Panel>
					<Panel title="To read">
						<Reading />
					</Panel>
				</div>
				<div>
					<Panel
						title="Services"
						actions={
							health.data !== undefined && (
								<span className="nc-small nc-dim">
									Checked <Ago at={health.data.checked_at} />
								</span>
							)
						}
					>
						<Loaded query={health} rows={8}>
							{({ services }) => <Services services={services} />}
						</Loaded>
					</Panel>
					<Panel title="What they depend on">
						<Loaded query={health} rows={5}>
							{({ dependencies }) => <Checks checks={dependencies} />}
						</Loaded>
					</Panel>
					<SimulatedNetworkBar />
				</div>
			</div>
		</Page>
	);
}

const number = new Intl.NumberFormat("en");

const holdings: { key: keyof About["counts"]; label: string }[] = [
	{ key: "devices", label: "Devices" },
	{ key: "device_groups", label: "Device groups" },
	{ key: "credentials", label: "Credentials" },
	{ key: "backups", label: "Backups" },
	{ key: "snapshots", label: "Snapshots" },
	{ key: "users", label: "Users" },
	{ key: "workers_online", label: "Workers online" },
];

function Installation({ about }: { about: About }) {
	const { database, topology } = about;
	return (
		<dl className="nc-facts nc-panel-body">
			<dt>Product</dt>
			<dd>
				{about.product} {about.version}
			</dd>
			<dt>Licence</dt>
			<dd>{about.licence}</dd>
			<dt>Started</dt>
			<dd>
				<Moment at={about.started_at} />{" "}
				<span className="nc-dim">
					(<Ago at={about.started_at} />)
				</span>
			</dd>
			<dt>Runs on</dt>
			<dd>
				Node.js {about.node_version}, {about.platform}
			</dd>
			<dt>Database</dt>
			<dd>
				PostgreSQL {visibleLine(database.version)}
				{database.embedded ? ", embedded" : ", your own"}
				{database.size_bytes !== null && `, ${bytes(database.size_bytes)}`}
			</dd>
			<dt>Topology</dt>
			<dd>
				{topology.one_process ? "All services in one process" : `In this process: ${topology.targets.join(", ")}`}
			</dd>
			<dt>Events</dt>
			<dd>{visibleLine(topology.events)}</dd>
			<dt>Live output</dt>
			<dd>{visibleLine(topology.live)}</dd>
		</dl>
	);
}

function Services({ services }: { services: ServiceHealth[] }) {
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">Service</th>
						<th scope="col">State</th>
						<th scope="col" className="nc-medium">
							Since
						</th>
						<th
							scope="col"
							className="nc-number"
							title="Events that wait to be handed over, to be applied, and those put aside"
						>
							Events out / in / aside
						</th>
						<th scope="col" className="nc-medium">
							Detail
						</th>
					</tr>
				</thead>
				<tbody>
					{services.map(({ name, state, since, detail, place, backlog, checks }) => {
						const troubles = checks.filter((check) => check.state !== "ok");
						return (
							<tr key={name}>
								<th scope="row" style={{ fontWeight: 550 }}>
									{visibleLine(name)}
									{place === "elsewhere" && <div className="nc-small nc-dim">in another process</div>}
								</th>
								<td>
									<State {...looks[state]} />
								</td>
								<td className="nc-medium nc-dim">
									<Ago at={since} />
								</td>
								<td className="nc-number">
									{backlog === null ? (
										<span className="nc-dim">–</span>
									) : (
										<>
											{backlog.outgoing} / {backlog.incoming} /{" "}
											<span className={backlog.put_aside > 0 ? "nc-bad" : undefined}>{backlog.put_aside}</span>
										</>
									)}
								</td>
								<td className="nc-medium nc-break">
									{visibleLine(detail)}
									{troubles.map((check) => (
										<div key={check.name} className="nc-small">
											<State {...looks[check.state]} /> {visibleLine(check.name)}: {visibleLine(check.detail)}
										</div>
									))}
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</div>
	);
}

function Checks({ checks }: { checks: SystemCheck[] }) {
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<th scope="col">What</th>
						<th scope="col">State</th>
						<th scope="col">Detail</th>
						<th scope="col" className="nc-number nc-medium">
							Answered in
						</th>
						<th scope="col" className="nc-medium">
							Since
						</th>
					</tr>
				</thead>
				<tbody>
					{checks.map(({ name, state, detail, ms, since }) => (
						<tr key={name}>
							<th scope="row" style={{ fontWeight: 550 }}>
								{visibleLine(name)}
							</th>
							<td>
								<State {...looks[state]} />
							</td>
							<td className="nc-break">{visibleLine(detail)}</td>
							<td className="nc-number nc-medium">{ms === null ? "" : `${ms.toFixed(1)} ms`}</td>
							<td className="nc-medium nc-dim">
								<Ago at={since} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Reading() {
	return (
		<div
			className="nc-panel-body"
			style={{ display: "flex", flexDirection: "column", gap: 10, alignItems: "flex-start" }}
		>
			<div className="nc-head" style={{ justifyContent: "flex-start" }}>
				<Button component="a" href="/api/docs/" target="_blank" rel="noreferrer" variant="default">
					API docs
				</Button>
				<Button component="a" href="/api/openapi.json" target="_blank" rel="noreferrer" variant="default">
					OpenAPI document
				</Button>
				<ButtonLink to="/" search={{ guide: true }} variant="default">
					First steps
				</ButtonLink>
			</div>
			<ul className="nc-hints">
				<li>Every error shows a trace id: the server's log names the same one where it says what happened.</li>
				<li>
					<code>netconductor doctor</code> looks through an installation and says what to mend.
				</li>
				<li>Asking for help: copy the report above. It holds no secret, no address and no name of a device.</li>
			</ul>
		</div>
	);
}
