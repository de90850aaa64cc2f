<?php
/**
 * Run by WordPress when the plugin is deleted, not when it is deactivated.
 *
 * @package Chatpulse
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/chatpulse.php';

Chatpulse\Uninstaller::run();
