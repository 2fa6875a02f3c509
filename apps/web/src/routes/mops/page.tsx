import { Button, FileButton, TextInput } from "@mantine/core";
import { longestMopSource } from "@netconductor/contracts/config/mops";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { TruthChoice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useSelection } from "../../ui/table/selection.ts";
import { useRowNames } from "../../ui/table/use-row-names.ts";
import { toastProblem } from "../../ui/toast.tsx";
import { bytes } from "../../ui/words.ts";
import { examples } from "../mop-new/examples.ts";
import { keepImported } from "../mop-new/imported.ts";
import { BulkActions } from "./bulk-actions.tsx";
import { columnsOf } from "./columns.tsx";

export const route = createLazyRoute("/signed-in/framed/mops")({ component: MopsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/mops");

function MopsPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const selection = useSelection();
	const mayWrite = permitted("mops:write");
	const mayReadRuns = permitted("runs:read");
	const columns = useMemo(() => columnsOf(mayReadRuns), [mayReadRuns]);
	const list = usePagedList("mops", search, (query, signal) => api.config.listMops({ query }, { signal }));
	const { source, names } = useRowNames(list);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const set = [search.enabled, search.tag].filter((one) => one !== undefined).length;
	const nothing = list.paging?.total === 0 && set === 0 && search.q === undefined;
	const actions = (
		<>
			<ButtonLink to="/step-types" variant="default">
				Step types
			</ButtonLink>
			{mayWrite && (
				<>
					<ImportFile onRead={() => void navigate({ to: "/mops/new", search: { from: "file" } })} />
					<ButtonLink to="/mops/new" leftSection={<Icon name="plus" size={14} />}>
						Add procedure
					</ButtonLink>
				</>
			)}
		</>
	);
	return (
		<Page title="Procedures" actions={actions}>
			{nothing ? (
				<section className="nc-panel" aria-label="No procedures yet">
					<Empty
						title="No procedures yet"
						actions={
							mayWrite &&
							examples.map(({ id, label }) => (
								<ButtonLink key={id} to="/mops/new" search={{ from: id }} variant="default">
									{label}
								</ButtonLink>
							))
						}
					>
						A procedure is what a network team does in a maintenance window, step by step: look, save, change, check,
						and take the change back where the check does not hold.{" "}
						{mayWrite
							? "Begin with one of these examples, or with an empty one."
							: "Somebody whose role may add procedures has to do that first."}
					</Empty>
				</section>
			) : (
				<DataTable
					name="procedures"
					noun="procedure"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={source}
					sort={search.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof search.sort })}
					onPage={show}
					tone={({ last_run_status }) => (last_run_status === "needs_attention" ? "bad" : undefined)}
					filters={
						<Filters
							set={set}
							search={
								<SearchField
									label="Search procedures"
									placeholder="Name, description…"
									q={search.q}
									onSearch={(q) => show({ q })}
								/>
							}
						>
							<TruthChoice
								label="State"
								any="Enabled or not"
								yes="Enabled"
								no="Not enabled"
								value={search.enabled}
								onChange={(enabled) => show({ enabled })}
							/>
							<TagField key={search.tag ?? ""} tag={search.tag} onTag={(tag) => show({ tag })} />
						</Filters>
					}
					selection={mayWrite ? selection : undefined}
					bulk={<BulkActions selection={selection} names={names} />}
					empty={
						<NothingMatches
							title="No procedure matches"
							onShowAll={() => void navigate({ search: {}, replace: true })}
						/>
					}
				/>
			)}
		</Page>
	);
}

function TagField({ tag, onTag }: { tag: string | undefined; onTag: (tag: string | undefined) => void }) {
	const take = (typed: string) => {
		const wanted = typed.trim() === "" ? undefined : typed.trim();
		if (wanted !== tag) onTag(wanted);
	};
	return (
		<TextInput
			aria-label="Tag"
			placeholder="Any tag"
			size="xs"
			w={130}
			maxLength={64}
			defaultValue={tag ?? ""}
			onBlur={({ currentTarget }) => take(currentTarget.value)}
			onKeyDown={({ key, currentTarget }) => {
				if (key === "Enter") take(currentTarget.value);
			}}
		/>
	);
}

/** A file with a procedure's YAML: it opens in the editor, where its faults are shown, before anything is stored. */
function ImportFile({ onRead }: { onRead: () => void }) {
	async function take(file: File | null) {
		if (file === null) return;
		if (file.size > longestMopSource * 2) {
			toastProblem(
				new Error(`${file.name} has ${bytes(file.size)}; a procedure has at most ${bytes(longestMopSource)}.`),
			);
			return;
		}
		keepImported({ name: file.name, text: await file.text() });
		onRead();
	}
	return (
		<FileButton onChange={(file) => void take(file)} accept=".yaml,.yml,.json">
			{(props) => (
				<Button {...props} variant="default" leftSection={<Icon name="upload" size={14} />}>
					Import
				</Button>
			)}
		</FileButton>
	);
}
