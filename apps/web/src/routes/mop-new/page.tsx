import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { NotLoaded } from "../../ui/not-loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { setOfProcedure } from "../mop/document/edit-steps.ts";
import { MopEditor } from "../mop/editor.tsx";
import { useMopDraft } from "../mop/use-draft.ts";
import { emptySource, examples } from "./examples.ts";
import { importedFile } from "./imported.ts";

export const route = createLazyRoute("/signed-in/framed/mops/new")({ component: NewMopPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/mops/new");

const isId = (from: string | undefined) => from?.includes("-") === true;

/** A procedure to write, begun with an example, a file, another procedure, or nothing. */
function NewMopPage() {
	const api = useApi();
	const { from } = useSearch();
	const copied = useQuery({
		queryKey: ["mops", "one", from],
		queryFn: ({ signal }) => api.config.getMop({ params: { id: from ?? "" } }, { signal }),
		enabled: isId(from),
	});
	if (isId(from) && copied.data === undefined) {
		return (
			<NotLoaded
				title="Procedure"
				query={copied}
				wayOut={
					<ButtonLink to="/mops" variant="default">
						All procedures
					</ButtonLink>
				}
			/>
		);
	}
	const file = from === "file" ? importedFile() : undefined;
	const example = examples.find(({ id }) => id === from);
	const began =
		copied.data !== undefined
			? copyOf(copied.data.source, copied.data.name)
			: (file?.text ?? example?.source ?? emptySource);
	const title =
		copied.data !== undefined
			? `Duplicate ${visibleLine(copied.data.name)}`
			: file !== undefined
				? `Import ${visibleLine(file.name)}`
				: "Add a procedure";
	return <NewMop key={from} title={title} began={began} />;
}

function NewMop({ title, began: given }: { title: string; began: string }) {
	const search = useSearch();
	const navigate = useNavigate();
	// What another one saves of the one that is copied changes nothing here.
	const [began] = useState(given);
	const draft = useMopDraft(undefined, began, ({ id }) => void navigate({ to: "/mops/$id", params: { id } }));
	const change = (to: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, ...to }), replace: true });
	return (
		<Page title={title}>
			<MopEditor
				draft={draft}
				mayWrite
				view={search.view}
				onView={(view) => change({ view })}
				at={search.at}
				onAt={(at) => change({ at })}
				onVersions={() => {}}
			/>
		</Page>
	);
}

/** The text of a procedure under another name; everything else as it was written. */
function copyOf(source: string, name: string): string {
	return setOfProcedure(source, ["name"], `${name} copy`.slice(0, 100));
}
