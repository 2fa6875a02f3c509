import { Button, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { isNone, NotLoaded } from "../../ui/not-loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { HealthState } from "../../ui/state.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { DeviceForm } from "../devices/device-form.tsx";
import { InstanceTable } from "../service-instances/instance-table.tsx";
import { Blame } from "./blame.tsx";
import { Configuration } from "./configuration.tsx";
import { DeviceAudit } from "./device-audit.tsx";
import { DeviceRuns } from "./device-runs.tsx";
import { HealthHistory } from "./health-history.tsx";
import { HostKeyPanel } from "./host-key.tsx";
import { OverrideForm } from "./override-form.tsx";
import { Overview } from "./overview.tsx";
import { Versions } from "./versions.tsx";

export const route = createLazyRoute("/signed-in/framed/devices/$id")({ component: DevicePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/devices/$id");

function DevicePage() {
	const { id } = useParams();
	const search = useSearch();
	const navigate = useNavigate();
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const { backUp } = useStartRuns();
	const form = useDrawer();
	const [deleting, askDelete] = useDisclosure();
	const query = useQuery({
		queryKey: ["devices", id],
		queryFn: ({ signal }) => api.devices.getDevice({ params: { id } }, { signal }),
		meta: { shows: ["device_groups"] },
	});
	const test = useMutation({
		mutationFn: () => api.devices.testDevice({ params: { id } }),
		onSuccess: ({ run_id }) => void navigate({ search: { tab: undefined, test: run_id } }),
		onError: toastProblem,
	});
	const enable = useMutation({
		mutationFn: (enabled: boolean) => api.devices.updateDevice({ params: { id }, body: { enabled } }),
		onSuccess: ({ name, enabled }) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			toastDone(`${name} is ${enabled ? "enabled" : "disabled"}`);
		},
		onError: toastProblem,
	});
	const remove = useMutation({
		mutationFn: () => api.devices.deleteDevice({ params: { id } }),
		onSuccess: () => {
			toastDone(`${query.data?.name ?? "The device"} is deleted`);
			void navigate({ to: "/devices" });
		},
		onError: (error) => {
			askDelete.close();
			toastProblem(error);
		},
	});
	const device = query.data;
	// Deleted by somebody else while the page was open: what it showed is no more.
	const gone = isNone(query.error) && !remove.isSuccess;
	if (device === undefined || gone) {
		return (
			<NotLoaded
				title="Device"
				query={query}
				wayOut={
					<ButtonLink to="/devices" variant="default">
						All devices
					</ButtonLink>
				}
			/>
		);
	}
	const { name, enabled, health } = device;
	const mayWrite = permitted("devices:write");
	const mayReadBackups = permitted("backups:read");
	const change = (to: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, ...to }), replace: true });

	return (
		<Page
			title={name}
			beside={<HealthState health={health} enabled={enabled} />}
			actions={
				<>
					{mayWrite && (
						<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={form.open}>
							Edit
						</Button>
					)}
					{permitted("devices:test") && (
						<Button variant="default" disabled={!enabled} loading={test.isPending} onClick={() => test.mutate()}>
							Test
						</Button>
					)}
					{permitted("backups:run") && (
						<Button disabled={!enabled} loading={backUp.isPending} onClick={() => backUp.mutate({ names: [name] })}>
							Back up
						</Button>
					)}
					{mayWrite && (
						<MoreActions>
							<Menu.Item onClick={() => enable.mutate(!enabled)}>{enabled ? "Disable" : "Enable"}</Menu.Item>
							<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askDelete.open}>
								Delete
							</Menu.Item>
						</MoreActions>
					)}
				</>
			}
		>
			<PageTabs
				label={`Parts of ${name}`}
				tab={search.tab}
				onTab={(tab) => void navigate({ search: { tab: tab === "overview" ? undefined : tab, test: search.test } })}
				tabs={[
					{ value: "overview", label: "Overview", content: () => <Overview device={device} run_id={search.test} /> },
					{
						value: "config",
						label: "Configuration",
						shown: mayReadBackups,
						content: () => <Configuration device={device} search={search} onChange={change} />,
					},
					{
						value: "versions",
						label: "Versions",
						shown: mayReadBackups,
						content: () => (
							<Versions device={device} chosen={search.versions} onChoose={(versions) => change({ versions })} />
						),
					},
					{ value: "blame", label: "Blame", shown: mayReadBackups, content: () => <Blame device={device} /> },
					{
						value: "runs",
						label: "Runs",
						shown: permitted("runs:read"),
						content: () => <DeviceRuns device={device} />,
					},
					{
						value: "services",
						label: "Services",
						shown: permitted("stacks:read"),
						content: () => <InstanceTable of={{ device_id: device.id }} wish={search} onWish={change} />,
					},
					{ value: "health", label: "Health", content: () => <HealthHistory device={device} /> },
					{ value: "override", label: "Override", content: () => <OverrideForm device={device} /> },
					{ value: "host-key", label: "Host key", content: () => <HostKeyPanel device={device} /> },
					{
						value: "audit",
						label: "Audit",
						shown: permitted("audit:read"),
						content: () => <DeviceAudit device={device} />,
					},
				]}
			/>
			{mayWrite && <DeviceForm key={form.key} device={device} opened={form.opened} onClose={form.close} />}
			<Confirm
				opened={deleting}
				title={`Delete ${name}?`}
				action={`Delete ${name}`}
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={askDelete.close}
			>
				<Text size="sm">
					It leaves the inventory with its override, its host key and its own login. Its backups stay until retention
					deletes them.
				</Text>
			</Confirm>
		</Page>
	);
}
