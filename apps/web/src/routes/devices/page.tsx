import { Button, CloseButton, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback, useDisclosure } from "@mantine/hooks";
import { Health } from "@netconductor/contracts/devices/model";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { Pager } from "../../ui/pager.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { healthLooks } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import { AddDevice } from "./add-device.tsx";
import { DeviceTable } from "./device-table.tsx";
import { NoDevices } from "./no-devices.tsx";

export const route = createLazyRoute("/signed-in/framed/devices")({ component: DevicesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/devices");

const searchAfter_ms = 250;

function DevicesPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const { page = 1, page_size = 50, sort = "name", q, health } = useSearch();
	const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
	const [adding, add] = useDisclosure();
	const { backUp, test } = useStartRuns();
	const query = { page, page_size, sort: sort as "name", q, health };
	const list = useQuery({
		queryKey: ["devices", query],
		queryFn: ({ signal }) => api.devices.listDevices({ query }, { signal }),
		placeholderData: keepPreviousData,
	});
	const show = (change: Partial<ReturnType<typeof useSearch>>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });

	const mayRun = permitted("backups:run");
	const mayTest = permitted("devices:test");
	const mayAdd = permitted("devices:write");
	const select = { device_ids: [...selected] };
	const filtered = q !== undefined || health !== undefined;
	const empty = list.data?.total === 0 && !filtered;

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
					{mayRun && !empty && (
						<Button loading={backUp.isPending} onClick={() => backUp.mutate({ all: true })}>
							Back up all
						</Button>
					)}
				</>
			}
		>
			{empty ? (
				<NoDevices mayAdd={mayAdd} onAdd={add.open} />
			) : (
				<section className="nc-panel" aria-label="List of devices">
					<div className="nc-panel-head">
						<Group gap="xs" style={{ flex: "1 1 260px" }}>
							<SearchField q={q} onSearch={(text) => show({ q: text })} />
							<Select
								aria-label="Health"
								placeholder="Any health"
								size="xs"
								w={150}
								clearable
								clearButtonProps={{ "aria-label": "Any health" }}
								value={health ?? null}
								data={Health.options.map((value) => ({ value, label: healthLooks[value].word }))}
								onChange={(value) => show({ health: Health.safeParse(value).data })}
							/>
						</Group>
						{(mayRun || mayTest) && (
							<Group gap="xs" role="group" aria-label="With the selected devices">
								{selected.size > 0 && (
									<Button variant="subtle" color="gray" onClick={() => setSelected(new Set())}>
										Clear
									</Button>
								)}
								{mayTest && (
									<Button
										variant="default"
										disabled={selected.size === 0}
										loading={test.isPending}
										onClick={() => test.mutate(select)}
									>
										Test
									</Button>
								)}
								{mayRun && (
									<Button
										variant="default"
										disabled={selected.size === 0}
										loading={backUp.isPending}
										onClick={() => backUp.mutate(select)}
									>
										Back up selected
									</Button>
								)}
								<span className="nc-small nc-dim" aria-live="polite">
									{selected.size === 0 ? "" : `${count(selected.size, "device")} selected`}
								</span>
							</Group>
						)}
					</div>
					{list.isError && <ProblemAlert error={list.error} onRetry={() => list.refetch()} />}
					{list.isPending && <RowsLoading />}
					{list.data !== undefined && (
						<>
							<DeviceTable
								devices={list.data.items}
								sort={sort}
								onSort={(by) => show({ sort: by })}
								selected={mayRun || mayTest ? selected : undefined}
								onSelect={setSelected}
							/>
							{list.data.total === 0 && (
								<Group p="lg" gap="sm">
									No device matches.
									<Button variant="default" onClick={() => show({ q: undefined, health: undefined })}>
										Show all
									</Button>
								</Group>
							)}
							<Pager page={page} page_size={page_size} total={list.data.total} noun="device" onChange={show} />
						</>
					)}
				</section>
			)}
			{mayAdd && <AddDevice opened={adding} onClose={add.close} />}
		</Page>
	);
}

/** Asks the server a moment after the last key. */
function SearchField({ q, onSearch }: { q: string | undefined; onSearch: (q: string | undefined) => void }) {
	const [text, setText] = useState(q ?? "");
	const search = useDebouncedCallback((given: string) => onSearch(given.trim() || undefined), searchAfter_ms);
	useEffect(() => setText((shown) => (shown.trim() === (q ?? "") ? shown : (q ?? ""))), [q]);
	return (
		<TextInput
			data-search
			type="search"
			aria-label="Search devices"
			placeholder="Name, address, site…"
			size="xs"
			maxLength={200}
			style={{ flex: "1 1 160px", maxWidth: 320 }}
			leftSection={<Icon name="search" size={14} />}
			rightSection={text !== "" && <CloseButton size="xs" aria-label="Clear the search" onClick={() => change("")} />}
			value={text}
			onChange={({ currentTarget }) => change(currentTarget.value)}
			onKeyDown={(event) => {
				if (event.key !== "Escape") return;
				if (text === "") event.currentTarget.blur();
				change("");
			}}
		/>
	);

	function change(given: string) {
		setText(given);
		search(given);
	}
}
