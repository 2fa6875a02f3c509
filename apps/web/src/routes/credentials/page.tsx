import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { columns } from "./columns.tsx";
import { CredentialFacts } from "./credential-facts.tsx";
import { AddCredential, EditCredential } from "./credential-form.tsx";

export const route = createLazyRoute("/signed-in/framed/credentials")({ component: CredentialsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/credentials");

function CredentialsPage() {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const { credential: open, ...wish } = useSearch();
	const [adding, add] = useDisclosure();
	const list = usePagedList("credentials", wish, (query, signal) => api.devices.listCredentials({ query }, { signal }));
	const show = (change: Partial<typeof wish>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const close = () => void navigate({ search: (before) => ({ ...before, credential: undefined }), replace: true });
	const mayWrite = permitted("credentials:write");
	const nothing = list.paging?.total === 0 && wish.q === undefined && wish.own === undefined;
	const addButton = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={add.open}>
			Add credential
		</Button>
	);
	return (
		<Page title="Credentials" actions={!nothing && addButton}>
			{nothing ? (
				<section className="nc-panel" aria-label="No credentials yet">
					<Empty title="No credentials yet" actions={addButton}>
						A credential is a login that several devices share: a user name with a password or a private key. Mark one
						as the default, and a device needs nothing but its address.{" "}
						{!mayWrite && "Somebody whose role may add credentials has to do that first."}
					</Empty>
				</section>
			) : (
				<DataTable
					name="credentials"
					noun="credential"
					columns={columns}
					rowId={({ id }) => id}
					rowName={({ name }) => name}
					source={list}
					sort={wish.sort ?? "name"}
					onSort={(sort) => show({ sort: sort as typeof wish.sort })}
					onPage={show}
					current={open}
					filters={
						<>
							<SearchField
								label="Search credentials"
								placeholder="Name, user name…"
								q={wish.q}
								onSearch={(q) => show({ q })}
							/>
							<Choice
								label="Which"
								any="Shared ones"
								options={[{ value: "true", label: "Also logins of single devices" }]}
								value={wish.own === "true" ? "true" : undefined}
								onChange={(own) => show({ own })}
								width={230}
							/>
						</>
					}
					empty={
						<NothingMatches
							title="No credential matches"
							onShowAll={() => void navigate({ search: {}, replace: true })}
						/>
					}
				/>
			)}
			{adding && <AddCredential onClose={add.close} />}
			{open !== undefined && <OpenCredential key={open} id={open} mayWrite={mayWrite} onClose={close} />}
		</Page>
	);
}

function OpenCredential({ id, mayWrite, onClose }: { id: string; mayWrite: boolean; onClose: () => void }) {
	const api = useApi();
	const { data, error, refetch } = useQuery({
		queryKey: ["credentials", "one", id],
		queryFn: ({ signal }) => api.devices.getCredential({ params: { id } }, { signal }),
	});
	if (data === undefined) return error !== null && <ProblemAlert error={error} onRetry={() => void refetch()} />;
	return mayWrite ? (
		<EditCredential credential={data} onClose={onClose} />
	) : (
		<CredentialFacts credential={data} onClose={onClose} />
	);
}
