import { Button, Checkbox, Group, Text } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { Panel } from "./page.tsx";
import { valuesOf } from "./table/list-search.ts";
import type { ListSource } from "./table/list-source.ts";
import { Moment } from "./time.tsx";
import { useAtOnce } from "./use-at-once.ts";

interface Version {
	version: number;
	created_at: string;
	created_by: string;
	lines?: number;
}

/** Versions of a text, newest first: any two are chosen to be compared, and an older one to be brought back. */
export function VersionTable<V extends Version>({
	versions,
	newest,
	chosen,
	onChoose,
	why,
	onRestore,
	more,
}: {
	versions: readonly V[];
	newest: number;
	/** As the address has them: `2,5`. */
	chosen: string | undefined;
	onChoose: (versions: string | undefined) => void;
	/** Why it was saved. */
	why: (version: V) => ReactNode;
	/** Undefined where the role may not. */
	onRestore: ((version: V) => void) | undefined;
	more: ListSource<V>["more"];
}) {
	const [shown, show] = useAtOnce(chosen);
	const picked = valuesOf(shown).slice(0, 2).map(Number);
	const withLines = versions.some(({ lines }) => lines !== undefined);
	const put = (pair: string | undefined) => {
		show(pair);
		onChoose(pair);
	};
	const choose = (version: number, on: boolean) => {
		const next = on ? [...picked.slice(-1), version] : picked.filter((one) => one !== version);
		put(next.toSorted((a, b) => a - b).join(",") || undefined);
	};
	return (
		<Panel title="Versions">
			<Group px="sm" py={8}>
				<Text size="xs" c="dimmed" aria-live="polite">
					{versions.length < 2
						? "One version so far."
						: picked.length === 1
							? "Choose one more to compare the two."
							: "Choose two versions to compare them."}
				</Text>
			</Group>
			<div className="nc-scroll">
				<table className="nc-table" aria-label="Versions">
					<thead>
						<tr>
							<th scope="col" className="nc-tight">
								<span className="nc-visually-hidden">Choose</span>
							</th>
							<th scope="col">Version</th>
							<th scope="col">Saved</th>
							<th scope="col" className="nc-medium">
								By
							</th>
							<th scope="col" className="nc-medium">
								Why
							</th>
							{withLines && (
								<th scope="col" className="nc-number nc-medium">
									Lines
								</th>
							)}
							<th scope="col">
								<span className="nc-visually-hidden">Actions</span>
							</th>
						</tr>
					</thead>
					<tbody>
						{versions.map((one) => (
							<tr key={one.version} data-selected={picked.includes(one.version) || undefined}>
								<td>
									<Checkbox
										size="xs"
										aria-label={`Choose version ${one.version}`}
										checked={picked.includes(one.version)}
										onChange={({ currentTarget }) => choose(one.version, currentTarget.checked)}
									/>
								</td>
								<td>
									{one.version}
									{one.version === newest && <span className="nc-dim"> (newest)</span>}
								</td>
								<td>
									<Moment at={one.created_at} />
									<div className="nc-narrow nc-small nc-break">{why(one)}</div>
								</td>
								<td className="nc-medium">{visibleLine(one.created_by)}</td>
								<td className="nc-break nc-medium">{why(one)}</td>
								{withLines && <td className="nc-number nc-medium">{one.lines}</td>}
								<td className="nc-tight">
									<Group gap={6} wrap="nowrap" justify="flex-end">
										{one.version > 1 && (
											<Button
												size="compact-xs"
												variant="default"
												aria-label={`What changed in version ${one.version}`}
												onClick={() => put(`${one.version - 1},${one.version}`)}
											>
												What changed
											</Button>
										)}
										{onRestore !== undefined && one.version !== newest && (
											<Button
												size="compact-xs"
												variant="default"
												aria-label={`Restore version ${one.version}`}
												onClick={() => onRestore(one)}
											>
												Restore
											</Button>
										)}
									</Group>
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{more?.load !== undefined && (
				<Group justify="center" p="sm">
					<Button variant="default" loading={more.loading} onClick={more.load}>
						Show older versions
					</Button>
				</Group>
			)}
		</Panel>
	);
}
