import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { HealthState } from "../../ui/state.tsx";
import { CurrentConfig } from "./current-config.tsx";
import { DeviceFacts } from "./device-facts.tsx";
import { HealthHistory } from "./health-history.tsx";
import { HostKeyPanel } from "./host-key.tsx";
import { Versions } from "./versions.tsx";

export const route = createLazyRoute("/signed-in/framed/devices/$id")({ component: DevicePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/devices/$id");

function DevicePage() {
	const { id } = useParams();
	const { tab, backup, line } = useSearch();
	const navigate = useNavigate();
	const api = useApi();
	const permitted = usePermitted();
	const { backUp, test } = useStartRuns();
	const device = useQuery({
		queryKey: ["device", id],
		queryFn: ({ signal }) => api.devices.getDevice({ params: { id } }, { signal }),
	});
	if (device.data === undefined) {
		return (
			<Page title="Device">
				{device.isError ? <ProblemAlert error={device.error} onRetry={() => device.refetch()} /> : <RowsLoading />}
			</Page>
		);
	}
	const { name, enabled, health } = device.data;
	const mayRead = permitted("backups:read");
	return (
		<Page
			title={name}
			beside={<HealthState health={health} enabled={enabled} />}
			actions={
				<>
					{permitted("devices:test") && (
						<Button
							variant="default"
							disabled={!enabled}
							loading={test.isPending}
							onClick={() => test.mutate({ names: [name] })}
						>
							Test
						</Button>
					)}
					{permitted("backups:run") && (
						<Button disabled={!enabled} loading={backUp.isPending} onClick={() => backUp.mutate({ names: [name] })}>
							Back up
						</Button>
					)}
				</>
			}
		>
			<div className="nc-columns">
				<div>
					<DeviceFacts device={device.data} />
					<HostKeyPanel device={device.data} />
				</div>
				<div>
					<section className="nc-panel" aria-label="Configuration and history">
						<Tabs
							keepMounted={false}
							value={tab ?? (mayRead ? "config" : "health")}
							onChange={(value) =>
								void navigate({ search: { tab: (value ?? undefined) as typeof tab }, replace: true })
							}
						>
							<Tabs.List>
								{mayRead && <Tabs.Tab value="config">Configuration</Tabs.Tab>}
								{mayRead && <Tabs.Tab value="versions">Versions</Tabs.Tab>}
								<Tabs.Tab value="health">Health</Tabs.Tab>
							</Tabs.List>
							{mayRead && (
								<Tabs.Panel value="config">
									<CurrentConfig device={device.data} backup_id={backup} line={line} />
								</Tabs.Panel>
							)}
							{mayRead && (
								<Tabs.Panel value="versions">
									<Versions device={device.data} />
								</Tabs.Panel>
							)}
							<Tabs.Panel value="health">
								<HealthHistory device={device.data} />
							</Tabs.Panel>
						</Tabs>
					</section>
				</div>
			</div>
		</Page>
	);
}
