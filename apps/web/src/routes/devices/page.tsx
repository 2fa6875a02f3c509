import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Health } from "@netconductor/contracts/devices/model";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { healthLooks } from "../../ui/state.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useSelection } from "../../ui/table/selection.ts";
import { AddDevice } from "./add-device.tsx";
import { columns } from "./columns.tsx";
import { NoDevices } from "./no-devices.tsx";

export const route = createLazyRoute("/signed-in/framed/devices")({ component: DevicesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/devices");

function DevicesPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const [adding, add] = useDisclosure();
	const { backUp, test } = useStartRuns();
	const list = usePagedList("devices", search, (query, signal) => api.devices.listDevices({ query }, { signal }));
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });

	const mayAdd = permitted("devices:write");
	const mayTest = permitted("devices:test");
	const mayRun = permitted("backups:run");
	const { q, health, enabled, device_type } = search;
	const filtered = [q, health, enabled, device_type].some((filter) => filter !== undefined);
	const nothing = list.paging?.total === 0 && !filtered;
	const select = { device_ids: [...selection.ids] };

	return (
		<Page
			title="Devices"
			actions={
				<>
					{mayAdd && (
						<Button variant="default" leftSection={<Icon name="plus" size={14} />} onClick={add.open}>
							Add device
						</Button>
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
				<NoDevices mayAdd={mayAdd} onAdd={add.open} />
			) : (
				<DataTable
					name="devices"
					noun="device"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={list}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					filters={
						<>
							<SearchField
								label="Search devices"
								placeholder="Name, address, site…"
								q={q}
								onSearch={(text) => show({ q: text })}
							/>
							<Choice
								label="Health"
								any="Any health"
								options={Health.options.map((value) => ({ value, label: healthLooks[value].word }))}
								value={health}
								onChange={(value) => show({ health: value })}
							/>
						</>
					}
					selection={mayRun || mayTest ? selection : undefined}
					bulk={
						<>
							{mayTest && (
								<Button
									variant="default"
									disabled={selection.ids.size === 0}
									loading={test.isPending}
									onClick={() => test.mutate(select)}
								>
									Test
								</Button>
							)}
							{mayRun && (
								<Button
									variant="default"
									disabled={selection.ids.size === 0}
									loading={backUp.isPending}
									onClick={() => backUp.mutate(select)}
								>
									Back up selected
								</Button>
							)}
						</>
					}
					empty={
						<Empty
							title="No device matches"
							actions={
								<Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
									Show all
								</Button>
							}
						/>
					}
				/>
			)}
			{mayAdd && <AddDevice opened={adding} onClose={add.close} />}
		</Page>
	);
}
