import { Button } from "@mantine/core";
import { Health } from "@netconductor/contracts/devices/model";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { NothingMatches } from "../../ui/empty.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { useSelection } from "../../ui/table/selection.ts";
import { useRowNames } from "../../ui/table/use-row-names.ts";
import { BulkActions } from "./bulk-actions.tsx";
import { columns } from "./columns.tsx";
import { DeviceFilters, filterNames } from "./device-filters.tsx";
import { DeviceForm } from "./device-form.tsx";
import { NoDevices } from "./no-devices.tsx";

export const route = createLazyRoute("/signed-in/framed/devices")({ component: DevicesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/devices");

function DevicesPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const form = useDrawer();
	const { backUp } = useStartRuns();
	const list = usePagedList("devices", search, (query, signal) => api.devices.listDevices({ query }, { signal }), {
		near: true,
	});
	const { source, names } = useRowNames(list);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });

	const mayWrite = permitted("devices:write");
	const mayRun = permitted("backups:run");
	const filtered = search.q !== undefined || filterNames.some((name) => search[name] !== undefined);
	const nothing = list.paging?.total === 0 && !filtered;

	return (
		<Page
			title="Devices"
			actions={
				<>
					{mayWrite && (
						<>
							<ButtonLink to="/devices/import" variant="default" leftSection={<Icon name="upload" size={14} />}>
								Import
							</ButtonLink>
							<Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
								Add device
							</Button>
						</>
					)}
					{mayRun && !nothing && (
						<Button loading={backUp.isPending} onClick={() => backUp.mutate({ all: true })}>
							Back up all
						</Button>
					)}
				</>
			}
		>
			{nothing ? (
				<NoDevices mayAdd={mayWrite} onAdd={form.open} />
			) : (
				<DataTable
					name="devices"
					noun="device"
					views="devices"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={source}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					tone={({ health, enabled }) => (enabled && health === Health.enum.host_key_changed ? "bad" : undefined)}
					filters={<DeviceFilters search={search} onFilter={show} />}
					selection={mayRun || mayWrite || permitted("devices:test") ? selection : undefined}
					bulk={<BulkActions selection={selection} names={names} />}
					empty={
						<NothingMatches title="No device matches" onShowAll={() => void navigate({ search: {}, replace: true })} />
					}
				/>
			)}
			{mayWrite && <DeviceForm key={form.key} opened={form.opened} onClose={form.close} />}
		</Page>
	);
}
