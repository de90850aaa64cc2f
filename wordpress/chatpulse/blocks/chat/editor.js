( function ( { blocks, blockEditor, components, element, i18n } ) {
	'use strict';

	const { createElement: el, Fragment } = element;
	const { __, sprintf } = i18n;

	/** A field that takes whole numbers, and gives 0 for anything else. */
	function numberField( label, help, value, change ) {
		return el( components.TextControl, {
			label,
			help,
			type: 'number',
			min: 0,
			value: value || '',
			onChange: ( text ) => change( Math.max( 0, parseInt( text, 10 ) || 0 ) ),
		} );
	}

	blocks.registerBlockType( 'chatpulse/chat', {
		edit( { attributes, setAttributes } ) {
			const { thread, height } = attributes;
			const instructions = thread
				/* translators: %d: number of a conversation. */
				? sprintf( __( 'Shows conversation %d to those who take part in it.', 'chatpulse' ), thread )
				: __( 'Shows visitors who are signed in their conversations.', 'chatpulse' );
			return el(
				Fragment,
				{},
				el(
					blockEditor.InspectorControls,
					{},
					el(
						components.PanelBody,
						{ title: __( 'Chat', 'chatpulse' ) },
						numberField(
							__( 'Conversation', 'chatpulse' ),
							__( 'The number of one conversation; empty for all.', 'chatpulse' ),
							thread,
							( value ) => setAttributes( { thread: value } )
						),
						numberField( __( 'Height in pixels', 'chatpulse' ), '', height, ( value ) => setAttributes( { height: value || 600 } ) )
					)
				),
				el(
					'div',
					blockEditor.useBlockProps(),
					el( components.Placeholder, { icon: 'format-chat', label: __( 'Chat', 'chatpulse' ), instructions } )
				)
			);
		},
		save: () => null,
	} );
} )( window.wp );
