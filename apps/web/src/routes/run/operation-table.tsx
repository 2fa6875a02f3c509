import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Run, RunOperation } from "@netconductor/contracts/tasks/model";
import { usePermitted } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { SortHeader } from "../../ui/sort-header.tsx";
import { operationLooks, State } from "../../ui/state.tsx";
import { bytes, duration } from "../../ui/words.ts";

/** Device by device: how it went, and for what went wrong the reason and what to do. */
export function OperationTable({
	run,
	operations,
	sort,
	onSort,
}: {
	run: Run;
	operations: RunOperation[];
	sort: string;
	onSort: (sort: string) => void;
}) {
	const head = { sort, onSort };
	return (
		<div className="nc-scroll">
			<table className="nc-table">
				<thead>
					<tr>
						<SortHeader field="device_name" {...head}>
							Device
						</SortHeader>
						<SortHeader field="status" {...head}>
							Status
						</SortHeader>
						<th scope="col">Result</th>
						<SortHeader field="duration_ms" className="nc-number nc-medium" {...head}>
							Took
						</SortHeader>
					</tr>
				</thead>
				<tbody>
					{operations.map((operation) => (
						<tr key={operation.id}>
							<td className="nc-name" title={visibleLine(operation.device_name)}>
								<TextLink to="/devices/$id" params={{ id: operation.device_id }} size="sm">
									{visibleLine(operation.device_name)}
								</TextLink>
							</td>
							<td>
								<State {...operationLooks[operation.status]} />
							</td>
							<td className="nc-break" style={{ minWidth: 160 }}>
								<Result run={run} operation={operation} />
							</td>
							<td className="nc-number nc-medium">
								{operation.duration_ms === null ? "" : duration(operation.duration_ms)}
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Result({ run, operation }: { run: Run; operation: RunOperation }) {
	const mayRead = usePermitted()("backups:read");
	const { error, skip_reason, result, status, device_id } = operation;
	if (error !== null) {
		// The message says what to do as well.
		return (
			<span className="nc-bad">
				{error.phase !== undefined && `${error.phase}: `}
				{visibleLine(error.message)}
			</span>
		);
	}
	if (skip_reason !== null) return <span className="nc-dim">{visibleLine(skip_reason)}</span>;
	if (status !== "succeeded" || result === null) return null;
	if (run.kind === "backup") {
		const { backup_id, changed, size_bytes } = result;
		return (
			<>
				{changed === null ? "First backup" : changed === true ? <strong>Changed</strong> : "Unchanged"}
				{typeof size_bytes === "number" && <span className="nc-dim">, {bytes(size_bytes)}</span>}
				{mayRead && typeof backup_id === "string" && (
					<>
						{" · "}
						{changed === true ? (
							<TextLink to="/backups/compare" search={{ to: backup_id }} size="sm">
								See what changed
							</TextLink>
						) : (
							<TextLink
								to="/devices/$id"
								params={{ id: device_id }}
								search={{ tab: "config", backup: backup_id }}
								size="sm"
							>
								See config
							</TextLink>
						)}
					</>
				)}
			</>
		);
	}
	const facts = (typeof result.facts === "object" && result.facts !== null ? result.facts : {}) as Record<
		string,
		unknown
	>;
	return visibleLine(
		["hostname", "model", "os_version"]
			.map((name) => facts[name])
			.filter((value) => typeof value === "string")
			.join(", "),
	);
}
