<?php
/**
 * What the block's editor script needs.
 *
 * @package Chatpulse
 */

defined( 'ABSPATH' ) || exit;

return array(
	'dependencies' => array( 'wp-block-editor', 'wp-blocks', 'wp-components', 'wp-element', 'wp-i18n' ),
	'version'      => Chatpulse\VERSION,
);
