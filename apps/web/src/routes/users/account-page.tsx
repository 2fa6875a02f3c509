import { Button, Group, Menu } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Confirm } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";
import { Page } from "../../ui/page.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";

/** The page of an account, of a person or of a program: what it is, what belongs to it, and what may be done to it. */
export function AccountPage<A extends { disabled: boolean }>({
	account,
	name,
	noun,
	queryKey,
	state,
	mayChange,
	items,
	edit,
	setDisabled,
	disabling,
	remove,
	deleting,
	onDeleted,
	facts,
	children,
}: {
	account: A;
	name: string;
	/** "user". */
	noun: string;
	/** Under which the account is kept. */
	queryKey: QueryKey;
	state: ReactNode;
	mayChange: boolean;
	/** Further items of the menu, before the others. */
	items?: ReactNode;
	edit: (close: () => void) => ReactNode;
	setDisabled: (disabled: boolean) => Promise<A>;
	/** What comes of disabling it. */
	disabling: ReactNode;
	remove: () => Promise<unknown>;
	/** What comes of deleting it. */
	deleting: ReactNode;
	onDeleted: () => void;
	facts: ReactNode;
	/** What belongs to it. */
	children: ReactNode;
}) {
	const queries = useQueryClient();
	const [doing, setDoing] = useState<"edit" | "disable" | "delete">();
	const stop = () => setDoing(undefined);
	const shown = visibleLine(name);
	const disable = useMutation({
		mutationFn: setDisabled,
		onSuccess: (changed) => {
			queries.setQueryData(queryKey, changed);
			toastDone(`${shown} is ${changed.disabled ? "disabled" : "enabled"}`);
			stop();
		},
		onError: toastProblem,
	});
	const removal = useMutation({ mutationFn: remove, onSuccess: onDeleted, onError: toastProblem });
	const actions = (
		<Group gap="xs">
			<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={() => setDoing("edit")}>
				Edit
			</Button>
			<MoreActions>
				{items}
				{account.disabled ? (
					<Menu.Item leftSection={<Icon name="ok" size={14} />} onClick={() => disable.mutate(false)}>
						Enable
					</Menu.Item>
				) : (
					<Menu.Item leftSection={<Icon name="stop" size={14} />} onClick={() => setDoing("disable")}>
						Disable
					</Menu.Item>
				)}
				<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={() => setDoing("delete")}>
					Delete
				</Menu.Item>
			</MoreActions>
		</Group>
	);
	return (
		<Page title={name} beside={state} actions={mayChange && actions}>
			<div className="nc-columns">
				<div>{facts}</div>
				<div>{children}</div>
			</div>
			{doing === "edit" && edit(stop)}
			<Confirm
				opened={doing === "disable"}
				title={`Disable ${shown}`}
				action="Disable"
				busy={disable.isPending}
				onConfirm={() => disable.mutate(true)}
				onClose={stop}
			>
				{disabling}
			</Confirm>
			<Confirm
				opened={doing === "delete"}
				title={`Delete ${shown}`}
				action={`Delete ${noun}`}
				typed={name}
				busy={removal.isPending}
				onConfirm={() => removal.mutate()}
				onClose={stop}
			>
				{deleting}
			</Confirm>
		</Page>
	);
}
