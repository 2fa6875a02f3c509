import type { Approval, ApprovalDevice } from "@netconductor/contracts/alerts/approvals";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { getRouteApi } from "@tanstack/react-router";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { TextLink } from "../../ui/link.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import type { Column } from "../../ui/table/column.ts";
import { DataTable } from "../../ui/table/data-table.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";

const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/approvals/$id");

type Device = z.output<typeof ApprovalDevice>;
type Rollback = NonNullable<Device["rollback"]>;

const looks: Record<Rollback, Look> = {
	native: { tone: "good", icon: "ok", word: "By the device's own timer" },
	emulated: { tone: "warn", icon: "warning", word: "By our worker, if it gets there" },
	none: { tone: "bad", icon: "cross", word: "None" },
};

function columnsOf(linked: boolean): Column<Device>[] {
	return [
		{
			id: "name",
			label: "Device",
			text: ({ name }) => name,
			cell: ({ device_id, name }) =>
				linked ? (
					<TextLink to="/devices/$id" params={{ id: device_id }} size="sm">
						{visibleLine(name)}
					</TextLink>
				) : (
					visibleLine(name)
				),
		},
		{
			id: "rollback",
			label: "Can be taken back",
			width: 250,
			text: ({ rollback }) => (rollback === null ? "" : looks[rollback].word),
			cell: ({ rollback }) =>
				rollback === null ? <span className="nc-dim">changes nothing</span> : <State {...looks[rollback]} />,
		},
		{
			id: "groups",
			label: "Groups",
			from: "medium",
			text: ({ groups }) => groups.join(", "),
			cell: ({ groups }) => <span className="nc-dim">{visibleLine(groups.join(", "))}</span>,
		},
	];
}

/** The devices that the plan would touch. */
export function Devices({ approval }: { approval: Approval }) {
	const api = useApi();
	const linked = usePermitted()("devices:read");
	const navigate = useNavigate();
	const search = useSearch();
	const list = usePagedList("approvals", { ...search, approval: approval.id }, ({ approval: id, ...query }, signal) =>
		api.alerts.listApprovalDevices({ params: { id }, query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const filtered = search.q !== undefined || search.rollback !== undefined;
	return (
		<DataTable
			name="devices of the plan"
			noun="device"
			columns={columnsOf(linked)}
			rowId={({ device_id }) => device_id}
			rowName={({ name }) => name}
			source={list}
			onPage={show}
			filters={
				<>
					<SearchField label="Search devices" placeholder="Name" q={search.q} onSearch={(q) => show({ q })} />
					<Choices
						label="Can be taken back"
						any="However taken back"
						options={(["native", "emulated", "none"] as const).map((value) => ({ value, label: looks[value].word }))}
						value={valuesOf<Rollback>(search.rollback)}
						onChange={(chosen) => show({ rollback: chosen?.join(",") })}
					/>
				</>
			}
			empty={<Empty title={filtered ? "No device matches" : "The plan touches no device"} />}
		/>
	);
}
