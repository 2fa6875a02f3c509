import { Button, Drawer, Group, Stack } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { ProblemAlert } from "../problem.tsx";
import { useFocusBefore } from "./use-focus-before.ts";

interface Form {
	submit: (event: FormEvent) => void;
	saving: boolean;
	dirty: boolean;
	problem: unknown;
}

/** A form beside the page that it belongs to: the page stays in sight, and closing asks only when something would be lost. */
export function FormDrawer({
	opened,
	onClose,
	title,
	action,
	danger = false,
	form,
	beside,
	children,
}: {
	opened: boolean;
	onClose: () => void;
	title: string;
	/** What the button that sends it says. */
	action: string;
	/** Whether that cannot be taken back. */
	danger?: boolean;
	form: Form;
	/** Left of the buttons. */
	beside?: ReactNode;
	children: ReactNode;
}) {
	const [asking, setAsking] = useState(false);
	const returnFocus = useFocusBefore();

	function close() {
		if (form.dirty && !asking) return setAsking(true);
		setAsking(false);
		onClose();
	}

	return (
		<Drawer
			opened={opened}
			onClose={close}
			onExitTransitionEnd={returnFocus}
			title={title}
			position="right"
			size={520}
			padding="md"
		>
			<form onSubmit={form.submit} noValidate aria-label={title}>
				<Stack gap="sm">
					{form.problem !== undefined && <ProblemAlert error={form.problem} />}
					{children}
					{asking ? (
						<Group justify="space-between" className="nc-notice" data-tone="warn" role="alert" mt="sm">
							<span>What you filled in is not saved.</span>
							<Group gap="xs">
								<Button variant="default" onClick={() => setAsking(false)} data-autofocus>
									Go on
								</Button>
								<Button color="red" onClick={close}>
									Discard
								</Button>
							</Group>
						</Group>
					) : (
						<Group justify="space-between" mt="sm">
							{beside ?? <span />}
							<Group gap="xs">
								<Button variant="default" onClick={close}>
									Cancel
								</Button>
								<Button type="submit" loading={form.saving} {...(danger && { color: "red" })}>
									{action}
								</Button>
							</Group>
						</Group>
					)}
				</Stack>
			</form>
		</Drawer>
	);
}
