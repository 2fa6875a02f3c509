import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { ComponentPropsWithRef } from "react";

function AnchorElement(props: AnchorProps & Omit<ComponentPropsWithRef<"a">, keyof AnchorProps>) {
	// Without a size of its own a link stands in a text: as large as that, and told from it by more than its colour.
	return <Anchor {...(props.size === undefined && { inherit: true, underline: "always" })} {...props} />;
}

function ButtonElement(props: ButtonProps & Omit<ComponentPropsWithRef<"a">, keyof ButtonProps>) {
	return <Button component="a" {...props} />;
}

/** A link to a page of ours: its address and search are checked against the routes. */
export const TextLink = createLink(AnchorElement);

/** The same, looking like a button. */
export const ButtonLink = createLink(ButtonElement);
