import { Select } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Panel } from "../../ui/page.tsx";
import { type ImportField, importFields, isSecret } from "./fields.ts";
import type { Head } from "./read-head.ts";

const options = Object.entries(importFields).map(([value, label]) => ({ value, label }));

/** Which field each column of the file is. */
export function ColumnsPanel({
	head,
	fields,
	onField,
}: {
	head: Head;
	fields: Readonly<Record<string, ImportField | "">>;
	onField: (header: string, field: ImportField | "") => void;
}) {
	const taken = new Set(Object.values(fields));
	return (
		<Panel title="2. Which column is what">
			<div className="nc-scroll">
				<table className="nc-table" aria-label="Columns of the file">
					<thead>
						<tr>
							<th scope="col">In the file</th>
							<th scope="col">Becomes</th>
							<th scope="col" className="nc-medium">
								First values
							</th>
						</tr>
					</thead>
					<tbody>
						{head.headers.map((header, index) => {
							const field = fields[header] ?? "";
							return (
								<tr key={header}>
									<td className="nc-break">{visibleLine(header) || <span className="nc-dim">no name</span>}</td>
									<td>
										<Select
											size="xs"
											w={220}
											aria-label={`What ${visibleLine(header)} becomes`}
											placeholder="Left out"
											clearable
											clearButtonProps={{ "aria-label": `Leave out ${visibleLine(header)}` }}
											searchable
											value={field === "" ? null : field}
											data={options.filter(({ value }) => value === field || !taken.has(value as ImportField))}
											onChange={(chosen) => onField(header, (chosen ?? "") as ImportField | "")}
										/>
									</td>
									<td className="nc-medium nc-dim nc-name">
										{isSecret(header, field)
											? "••••••"
											: (head.samples[index] ?? []).map((value) => visibleLine(value.slice(0, 60))).join(", ")}
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			</div>
		</Panel>
	);
}
